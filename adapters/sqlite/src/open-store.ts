import { join } from 'node:path';
import type { Clock } from '@stratakv/core';
import { SqliteEntryReader } from './entry-reader.ts';
import { SqliteEntryStore } from './entry-store.ts';
import { isDamaged } from './failure.ts';
import { lockFolder } from './folder-lock.ts';
import { type Installation, openInstallation } from './installation.ts';
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
  /** The database's clock. */
  readonly clock: Clock;
  /** Memory for database pages, both threads together, bytes. */
  readonly pageCacheBytes: number;
}

/** The database file is damaged. Nothing was changed in it. */
export class DatabaseDamaged extends Error {
  constructor(path: string, cause: unknown) {
    super(`The database ${path} is damaged.`, { cause });
    this.name = 'DatabaseDamaged';
  }
}

/** The three ports that one SQLite database stands for, and what was decided when it was made. */
export interface SqliteStore {
  readonly installation: Installation;
  readonly queue: SqliteOperationQueue;
  readonly store: SqliteEntryStore;
  readonly reader: SqliteEntryReader;
  /** Finishes what was handed over, then closes the database and lets go of the folder. */
  close(): Promise<void>;
}

const reservedShare = 0.05;
const leastReservedBytes = 1024 * 1024;

/**
 * Opens the store in a folder, makes it there at first start.
 *
 * @throws FolderLocked, DatabaseDamaged, InstallationMismatch; or what node:sqlite throws when the files cannot be
 * opened
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { folder, maxBytes, retentionMs, clock } = options;
  const lock = lockFolder(folder);
  const path = join(folder, 'stratakv.db');
  const cacheBytes = options.pageCacheBytes / 2;
  try {
    const { installation, ends, deadLetters } = prepareDatabase(path, options);
    const reservedBytes = Math.max(leastReservedBytes, (maxBytes ?? 0) * reservedShare);
    const connection = { path, isReadOnly: false, cacheBytes, maxBytes };
    const writer = await Writer.start({ connection, retentionMs, reservedBytes }, clock);
    const reader = await SqliteEntryReader.open({ path, isReadOnly: true, cacheBytes }, clock);
    const queue = new SqliteOperationQueue(writer, reader, { maxBytes: options.maxQueueBytes, ends, deadLetters });
    const close = async () => {
      await queue.close();
      await reader.close();
      await writer.close();
      lock.release();
    };
    return { installation, queue, store: new SqliteEntryStore(writer), reader, close };
  } catch (error) {
    lock.release();
    throw isDamaged(error) ? new DatabaseDamaged(path, error) : error;
  }
}

function prepareDatabase(path: string, options: SqliteOptions) {
  const database = openConnection({ path, isReadOnly: false, cacheBytes: 1024 * 1024 });
  try {
    database.exec(schema);
    return { installation: openInstallation(database, options.partitionCount), ...readQueueEnds(database) };
  } finally {
    database.close();
  }
}
