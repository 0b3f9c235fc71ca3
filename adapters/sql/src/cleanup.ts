import type { CleanupResult, Fence } from '@stratakv/core';
import type { Database } from './database.ts';
import { hasExpired, hasTombstones, removeExpired, removeTombstones } from './entry-sql.ts';
import { keyOf } from './entry-table.ts';
import { hasOldOperations, removeOperations } from './operation-sql.ts';
import { firstIdAt } from './operation-table.ts';
import { liftFloor, passFence, raiseHorizon, readPartition } from './partition-sql.ts';
import type { Session } from './session.ts';
import type { Statement } from './statement.ts';

/*
 * Clean-up in small steps, each a transaction under its partition's fence. A step first looks, without a transaction,
 * whether there is something to do: mostly there is not.
 *
 * How long the log goes back. A row may go once `retentionMs` have passed since its operation was made and since it was
 * settled. That raises the partition's horizon: an operation made before it, with no row, may have been applied and is
 * refused. So nothing that still waits in the queue may fall behind the horizon, or an accepted write would be refused.
 * The queue is outside of this database, but it is in order: when an operation made at some time has been applied, what
 * was made well before it no longer waits. So rows go only up to `clockSlackMs` behind the newest operation that was
 * applied, and after an outage the backlog is applied before the log of before is pruned. In a partition of which nothing
 * is applied nothing moves that bound; there rows go `queueMarginMs` later than they could, or they would stay for ever.
 * So a message that waits longer than the retention and that margin is the only one that can be refused: it becomes a
 * dead letter.
 */

export interface LogBounds {
  /** How long operations are remembered, milliseconds. */
  readonly retentionMs: number;
  /** How much longer in a partition that is no longer written, milliseconds. */
  readonly queueMarginMs: number;
}

/**
 * How far messages of one queue may be out of the order of their ids: clocks of gateways, and waiting publishes. A log that
 * goes back less far than this is behind them no longer than it goes back.
 */
const clockSlackMs = 60 * 60_000;

/** Rows of the log that one step looks at, whichever may go: late outcomes may stand before others. */
const rowsLookedAt = 10_000;

const nothing: CleanupResult = { removed: 0, keys: [] };

interface Removed {
  readonly key: Buffer;
  readonly version: number;
}

export async function expireEntries(database: Database, fence: Fence, limit: number): Promise<CleanupResult> {
  const isThere = await isAny(database, hasExpired, [fence.partition]);
  if (!isThere) return nothing;
  return removeEntries(database, fence, (session) => session.ask<Removed>(removeExpired, [fence.partition, limit]));
}

export async function pruneTombstones(
  database: Database,
  fence: Fence,
  ageMs: number,
  limit: number,
): Promise<CleanupResult> {
  const isThere = await isAny(database, hasTombstones, [fence.partition, ageMs]);
  if (!isThere) return nothing;
  return removeEntries(database, fence, (session) =>
    session.ask<Removed>(removeTombstones, [fence.partition, ageMs, limit]),
  );
}

export async function pruneOperations(
  database: Database,
  fence: Fence,
  limit: number,
  bounds: LogBounds,
): Promise<CleanupResult> {
  const { partition, token } = fence;
  const before = await database.call(async (session) => {
    const [row] = await session.ask<{ reached: number; now: number }>(readPartition, [partition, token]);
    if (row === undefined) return undefined;
    const mayGo = prunableBefore(row, bounds);
    const found = await session.ask(hasOldOperations, oldOperations(partition, mayGo, row.now - bounds.retentionMs));
    return found.length === 0 ? undefined : { mayGo, settled: row.now - bounds.retentionMs };
  });
  if (before === undefined) return nothing;
  return database.write(async (session, begin) => {
    if (!(await enter(session, begin, fence))) return nothing;
    const values = oldOperations(partition, before.mayGo, before.settled);
    const gone = await session.ask(removeOperations, [...values, limit]);
    if (gone.length > 0) await session.ask(raiseHorizon, [partition, Math.floor(before.mayGo)]);
    await session.commit();
    return { removed: gone.length, keys: [] };
  });
}

/** Operations of a partition made before this may go: milliseconds since 1970. */
export function prunableBefore({ reached, now }: { reached: number; now: number }, bounds: LogBounds): number {
  const slackMs = Math.min(clockSlackMs, bounds.retentionMs);
  const behindQueue = Math.min(now - bounds.retentionMs, reached - slackMs);
  return Math.max(behindQueue, now - bounds.retentionMs - bounds.queueMarginMs);
}

function oldOperations(partition: number, madeBefore: number, settledBefore: number): unknown[] {
  return [firstIdAt(partition, 0), firstIdAt(partition, madeBefore), Math.floor(settledBefore), rowsLookedAt];
}

async function isAny(database: Database, statement: Statement, values: readonly unknown[]): Promise<boolean> {
  const rows = await database.call((session) => session.ask(statement, values));
  return rows.length > 0;
}

/** Removes entries or tombstones, and raises the version floor over them in the same transaction. */
function removeEntries(
  database: Database,
  fence: Fence,
  remove: (session: Session) => Promise<readonly Removed[]>,
): Promise<CleanupResult> {
  return database.write(async (session, begin) => {
    if (!(await enter(session, begin, fence))) return nothing;
    const gone = await remove(session);
    if (gone.length > 0) {
      const floor = gone.reduce((highest, { version }) => Math.max(highest, version), 0);
      await session.ask(liftFloor, [fence.partition, floor]);
    }
    await session.commit();
    return { removed: gone.length, keys: gone.map(({ key }) => keyOf(key)) };
  });
}

/** Begins a transaction behind the fence. False, and nothing left open: somebody else writes the partition now. */
async function enter(session: Session, begin: () => Promise<void>, { partition, token }: Fence): Promise<boolean> {
  const [, passed] = await Promise.all([begin(), session.ask(passFence, [partition, token])]);
  if (passed.length > 0) return true;
  await session.command('ROLLBACK');
  return false;
}
