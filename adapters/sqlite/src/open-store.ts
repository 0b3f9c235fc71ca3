import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@stratakv/core';
import { DamageWatch } from './damage-watch.ts';
import { SqliteEntryReader } from './entry-reader.ts';
import { SqliteEntryStore } from './entry-store.ts';
import { isDamaged } from './failure.ts';
import { lockFolder } from './folder-lock.ts';
import { type Installation, openInstallation } from './installation.ts';
import { prepareLogHorizon } from './log-horizon.ts';
import { SqliteOperationQueue } from './operation-queue.ts';
import { readQueueEnds } from './queue-table.ts';
import { openConnection, schema } from './schema.ts';
import { Writer } from './writer.ts';

export interface SqliteOptions {
  /** An existing folder that can be written; the database and its lock are put there. */
  readonly folder: string;
  readonly partitionCount: number;
  /** How long operations are remembered, milliseconds. */
  readonly retentionMs: number;
  /** Bound on the queue, bytes. */
  readonly maxQueueBytes: number;
  /** Bound on the database file, bytes; undefined: the disk is the bound. */
  readonly maxBytes?: number | undefined;
  /** Whether the folder is known to hold a store: then one that is missing is damage, not a first start. */
  readonly isInstalled?: boolean;
  /** Told once, in words for a person, when damage is found while the store is used, or a thread of it dies. */
  readonly onDamage?: (detail: string) => void;
  /** The database's clock. */
  readonly clock: Clock;
  /** Memory for database pages, both threads together, bytes. */
  readonly pageCacheBytes: number;
}

/** The database file is damaged or gone. Nothing was changed in it. */
export class DatabaseDamaged extends Error {
  constructor(path: string, cause?: unknown) {
    const what = cause === undefined ? 'is missing or empty, although the folder holds a store' : 'is damaged';
    super(`The database ${path} ${what}.`, { cause });
    this.name = 'DatabaseDamaged';
  }
}

/** The three ports that one SQLite database stands for, and what was decided when it was made. */
export interface SqliteStore {
  readonly installation: Installation;
  readonly queue: SqliteOperationQueue;
  readonly store: SqliteEntryStore;
  readonly reader: SqliteEntryReader;
  /**
   * How far back the operations log is whole: milliseconds since 1970. The id of a new operation must not be older, even
   * when the clock was set back.
   */
  logHorizon(): number;
  /** Finishes what was handed over, then closes the database and lets go of the folder. Once, however often called. */
  close(): Promise<void>;
}

/**
 * Opens the store in a folder, makes it there at first start.
 *
 * @throws FolderLocked, DatabaseDamaged, InstallationMismatch; or what node:sqlite throws when the files cannot be
 * opened
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { folder } = options;
  const lock = lockFolder(folder);
  const path = join(folder, 'stratakv.db');
  try {
    if (options.isInstalled === true && isEmptyDatabase(path)) throw new DatabaseDamaged(path);
    const found = prepareDatabase(path, options);
    return await openThreads(path, options, found, () => lock.release());
  } catch (error) {
    lock.release();
    throw isDamaged(error) ? new DatabaseDamaged(path, error) : error;
  }
}

type Found = ReturnType<typeof prepareDatabase>;

async function openThreads(
  path: string,
  { maxBytes, retentionMs, clock, pageCacheBytes, maxQueueBytes, onDamage = () => {} }: SqliteOptions,
  found: Found,
  release: () => void,
): Promise<SqliteStore> {
  const cacheBytes = pageCacheBytes / 2;
  const damage = new DamageWatch(onDamage);
  const connection = { path, isReadOnly: false, cacheBytes, maxBytes };
  const writer = await Writer.start({ connection, retentionMs }, clock, damage);
  try {
    const reader = await SqliteEntryReader.open({ path, isReadOnly: true, cacheBytes }, clock, damage);
    const { installation, ends, deadLetters } = found;
    const store = new SqliteEntryStore(writer, damage, found.logHorizon);
    const logHorizon = () => store.logHorizon;
    const waiting = { ends, deadLetters, maxBytes: maxQueueBytes };
    const queue = new SqliteOperationQueue(writer, reader, { ...waiting, damage, logHorizon });
    let closed: Promise<void> | undefined;
    const close = async () => {
      await queue.close();
      await reader.close();
      await writer.close();
      release();
    };
    return {
      installation,
      queue,
      store,
      reader,
      logHorizon,
      close: () => (closed ??= close()),
    };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** A first start that was killed may leave a file without a page, but its log has them then. */
function isEmptyDatabase(path: string): boolean {
  return [path, `${path}-wal`].every((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0);
}

function prepareDatabase(path: string, options: SqliteOptions) {
  const database = openConnection({ path, isReadOnly: false, cacheBytes: 1024 * 1024 });
  try {
    database.exec(schema);
    const installation = openInstallation(database, options.partitionCount);
    return { installation, logHorizon: prepareLogHorizon(database).get(), ...readQueueEnds(database) };
  } finally {
    database.close();
  }
}
