import { statfsSync, statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StrataError } from '@stratakv/core';
import { checkpointBytes } from './schema.ts';

/*
 * How much the store may still take in. Some room is held back, under `maxBytes` and on the disk, so that what was
 * accepted can be applied and deletes still work when puts are refused: a store that is full to the last page can do
 * neither, and never gets room again.
 *
 * A write needs room more than once: in the queue, again as an entry before its message leaves the queue, and on the
 * disk both in the write-ahead log and in the database.
 */

export interface RoomOptions {
  readonly path: string;
  /** Bound on the database, bytes; undefined: the disk is the bound. */
  readonly maxBytes: number | undefined;
}

/** What an append takes, bytes of the database. */
export interface RoomNeeds {
  /** In the queue and, later, as an entry. */
  readonly bytes: number;
  /** What was accepted before needs to be applied. */
  readonly backlogBytes: number;
  /** A put: refused first. */
  readonly isGrowth: boolean;
}

const reservedShare = 0.05;
const leastReservedBytes = 1024 * 1024;
const reservedDiskBytes = 8 * 1024 * 1024;
const copiesOnDisk = 2;

const largestLogBytes = 2 * checkpointBytes;

/** A log this small is not worth writing back. */
const smallLogBytes = 64 * 1024;

export class Room {
  readonly #options: RoomOptions;
  readonly #reservedBytes: number;
  readonly #statements: {
    readonly total: StatementSync;
    readonly free: StatementSync;
    readonly shrinkLog: StatementSync;
  };
  readonly #pageBytes: number;
  #forPuts = 0;
  #forDeletes = 0;

  constructor(database: DatabaseSync, options: RoomOptions) {
    this.#options = options;
    this.#reservedBytes = Math.max(leastReservedBytes, (options.maxBytes ?? 0) * reservedShare);
    this.#statements = {
      total: database.prepare('PRAGMA page_count'),
      free: database.prepare('PRAGMA freelist_count'),
      shrinkLog: database.prepare('PRAGMA wal_checkpoint(TRUNCATE)'),
    };
    this.#pageBytes = read(database.prepare('PRAGMA page_size'));
  }

  /**
   * Looks at the database and the disk; to be called before a transaction that appends. Before anything is refused, the
   * log gives its room back.
   */
  measure(wantedBytes: number): void {
    this.#look();
    if (this.#forPuts >= wantedBytes || sizeOf(`${this.#options.path}-wal`) < smallLogBytes) return;
    this.shrinkLog();
    this.#look();
  }

  /** Writes the log back into the database and gives its room on the disk back; to be called between transactions. */
  shrinkLog(): void {
    this.#statements.shrinkLog.all();
  }

  /**
   * Keeps the log from growing without end: it starts over by itself only at a moment without readers, which may never
   * come. Writing it back in full waits for such a moment instead. To be called after a commit.
   */
  boundLog(): void {
    if (sizeOf(`${this.#options.path}-wal`) > largestLogBytes) this.shrinkLog();
  }

  /** Takes room for a message. @throws StrataError `storage-full` */
  take({ bytes, backlogBytes, isGrowth }: RoomNeeds): void {
    if (bytes + backlogBytes > (isGrowth ? this.#forPuts : this.#forDeletes)) {
      throw new StrataError('storage-full', 'There is no room left for the data of the store.');
    }
    this.#forPuts -= bytes;
    this.#forDeletes -= bytes;
  }

  #look(): void {
    const { path, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    const total = read(this.#statements.total) * this.#pageBytes;
    const reusable = read(this.#statements.free) * this.#pageBytes;
    const left = maxBytes - (total - reusable);
    // Pages that are only in the log so far will make the file longer.
    const pending = Math.max(0, total - sizeOf(path));
    const { bavail, bsize } = statfsSync(path);
    const onDisk = bavail * bsize - pending + reusable;
    const under = (share: number) =>
      Math.min(left - this.#reservedBytes * share, (onDisk - reservedDiskBytes * share) / copiesOnDisk);
    this.#forPuts = under(1);
    this.#forDeletes = under(0.5);
  }
}

function read(statement: StatementSync): number {
  return Object.values(statement.get() ?? {})[0] as number;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
