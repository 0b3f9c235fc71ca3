import type { ApplyBatch, ApplyResult, CleanupResult, EntryStore, Fence, RaisedFence } from '@stratakv/core';
import { applyBatch } from './apply.ts';
import { expireEntries, type LogBounds, pruneOperations, pruneTombstones } from './cleanup.ts';
import type { Database } from './database.ts';
import { callFailure } from './failure.ts';
import { readInstallationState } from './installation.ts';
import type { PoolStats } from './observer.ts';
import { raiseFence, uncountRaise } from './partition-sql.ts';

/** Writes a CockroachDB or PostgreSQL database. */
export class SqlEntryStore implements EntryStore {
  readonly #database: Database;
  readonly #bounds: LogBounds;

  constructor(database: Database, bounds: LogBounds) {
    this.#database = database;
    this.#bounds = bounds;
  }

  get poolStats(): PoolStats {
    return this.#database.stats;
  }

  /** Waits for the transaction of whoever held the partition, as long as the server lets that one be idle. */
  async raiseFence(partition: number): Promise<RaisedFence> {
    const [row] = await told(
      this.#database.call((session) => session.ask<{ token: number; raises: number }>(raiseFence, [partition])),
    );
    if (row === undefined) throw new Error('raising a fence returned no row');
    return { partition, token: row.token, raisesSinceCommit: row.raises };
  }

  async uncountRaise(partition: number): Promise<void> {
    await told(this.#database.call((session) => session.ask(uncountRaise, [partition])));
  }

  apply(batch: ApplyBatch): Promise<ApplyResult> {
    return told(this.#database.write((session, begin) => applyBatch(session, begin, batch)));
  }

  expire(fence: Fence, limit: number): Promise<CleanupResult> {
    return told(expireEntries(this.#database, fence, limit));
  }

  pruneTombstones(fence: Fence, ageMs: number, limit: number): Promise<CleanupResult> {
    return told(pruneTombstones(this.#database, fence, ageMs, limit));
  }

  pruneOperations(fence: Fence, limit: number): Promise<CleanupResult> {
    return told(pruneOperations(this.#database, fence, limit, this.#bounds));
  }

  async check(): Promise<void> {
    await told(readInstallationState(this.#database));
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Puts what went wrong into the words of the port. */
async function told<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw callFailure(error);
  }
}
