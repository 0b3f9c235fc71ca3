import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import type { Database } from './database.ts';
import { isRetryable, sqlStateOf } from './failure.ts';
import { InstallationMismatch } from './installation.ts';
import { claimMigration, createMigrations, finishMigration, readMigrations } from './installation-sql.ts';
import type { Statement } from './statement.ts';
import { Deadline } from './timeouts.ts';

/*
 * Numbered changes of the tables, forward only. Any number of nodes may start at once: one claims a migration, the
 * others wait until it has finished it. A claim has a term, so that the next one takes over from a node that died.
 *
 * Nothing depends on changes of tables being part of a transaction: CockroachDB commits before each of them
 * (`autocommit_before_ddl`, on by default since 25.1). Instead every statement says IF NOT EXISTS, or the like: running
 * it again, or twice at once when a claim ran out, does no harm.
 */

export interface Migration {
  /** 1, 2, 3 …, without gaps. */
  readonly number: number;
  readonly name: string;
  /** Each run by itself, in order. Each must do nothing when it was done before. */
  readonly statements: readonly string[];
}

const claimTermMs = 30_000;
const pauseMs = 100;
const undefinedTable = '42P01';
/** Two nodes made the same table, index or column at once; on PostgreSQL one of them gets such an error. */
const madeTwiceStates: ReadonlySet<string> = new Set(['23505', '42P07', '42701', '42710']);

/** The database in two ways. */
export interface MigrationTargets {
  /** As for any call. */
  readonly database: Database;
  /** With time enough for a statement that fills an index. */
  readonly patient: Database;
}

/**
 * Brings the tables up to date.
 *
 * @param waitMs how long another node may take
 * @throws InstallationMismatch when the tables are newer than this program; StrataError `unavailable` when another node
 * does not get done within `waitMs`; or what a call throws
 */
export async function migrate(
  { database, patient }: MigrationTargets,
  migrations: readonly Migration[],
  waitMs: number,
): Promise<void> {
  const deadline = new Deadline(waitMs);
  const claimant = randomUUID();
  let found = await readFinished(database);
  if (found === undefined) await persist(database, createMigrations);
  for (const migration of migrations) {
    for (;;) {
      found = (await readFinished(database)) ?? new Set();
      refuseNewer(found, migrations.length);
      if (found.has(migration.number)) break;
      if (await claim(database, migration, claimant)) await run({ database, patient }, migration, claimant);
      else if (deadline.leftMs > 0) await delay(pauseMs * (0.5 + Math.random()));
      else throw new StrataError('unavailable', 'Another node has been changing the tables of the database for long.');
    }
  }
}

function refuseNewer(finished: ReadonlySet<number>, known: number): void {
  const newest = Math.max(0, ...finished);
  if (newest <= known) return;
  throw new InstallationMismatch(
    `The tables of the database are of version ${newest}; this version of StrataKV knows up to ${known}. Upgrade it.`,
  );
}

/** Numbers of the migrations that were finished; undefined when there is no table of them yet. */
async function readFinished(database: Database): Promise<Set<number> | undefined> {
  try {
    const rows = await database.call((session) =>
      session.ask<{ number: number; is_finished: boolean }>(readMigrations),
    );
    return new Set(rows.filter(({ is_finished }) => is_finished).map(({ number }) => number));
  } catch (error) {
    if (sqlStateOf(error) === undefinedTable) return undefined;
    throw error;
  }
}

/** Whether this node may run the migration, for a term from now on. */
async function claim(database: Database, { number, name }: Migration, claimant: string): Promise<boolean> {
  const rows = await persist(database, claimMigration, [number, name, claimant, claimTermMs]);
  return rows.length > 0;
}

async function run({ database, patient }: MigrationTargets, migration: Migration, claimant: string): Promise<void> {
  for (const text of migration.statements) {
    // Renewed before each, so that the term has to cover one statement only.
    if (!(await claim(database, migration, claimant))) return;
    await persist(patient, { name: '', text });
  }
  await persist(database, finishMigration, [migration.number, claimant]);
}

/** Runs a statement by itself, again when another node did the same at once. */
async function persist(database: Database, statement: Statement, values: readonly unknown[] = []) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await database.call((session) => session.ask(statement, values));
    } catch (error) {
      const isMet = isRetryable(error) || madeTwiceStates.has(sqlStateOf(error) ?? '');
      if (!isMet || attempt === 10) throw error;
      await delay(pauseMs * Math.random());
    }
  }
}
