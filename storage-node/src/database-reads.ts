import { type CacheFill, type Clock, type Entry, type EntryReader, type Key, StrataError } from '@stratakv/core';
import type { CacheAccess } from './cache-access.ts';
import { KeyRead, type Waiter } from './key-read.ts';
import type { StorageMetrics } from './metrics.ts';
import type { StorageSettings } from './storage-settings.ts';

/*
 * Reads of the database, gathered over one turn of the event loop, single-flight per key.
 *
 * A read joins one that is not yet sent, whatever its level: that one will see every write committed by now. It joins
 * one that is already sent only when it may (the level `cached`) and when that one has a lease: the answer counts for
 * it only if the fill is taken, for then no write was applied between the join and the fill. Otherwise it reads anew.
 * Once the fill is on its way nobody joins any more: the cache may have taken it in before a write that this reader
 * must see.
 */

export interface DatabaseReadsOptions {
  readonly reader: EntryReader;
  readonly cache: CacheAccess;
  readonly clock: Clock;
  readonly metrics: StorageMetrics;
  readonly settings: StorageSettings;
}

/** What the database said about a key. */
export interface DatabaseAnswer {
  readonly entry: Entry | undefined;
  /** Start of the read, milliseconds since 1970. */
  readonly asOf: number;
  readonly isStored: boolean;
  readonly isCollapsed: boolean;
}

export interface DatabaseReadOptions {
  /** Permission to fill the cache with the answer, if there is one. */
  readonly lease: string | undefined;
  /** Whether an answer that the cache took in is fresh enough even when its read was sent before. */
  readonly mayJoinSent: boolean;
  /** Milliseconds since 1970 after which nobody waits. */
  readonly deadline: number;
}

const sweepEveryMs = 50;

export class DatabaseReads {
  readonly #options: DatabaseReadsOptions;
  readonly #unsent = new Map<Key, KeyRead>();
  readonly #leased = new Map<Key, KeyRead>();
  /** All that somebody waits for, sent or not. */
  readonly #outstanding = new Set<KeyRead>();
  #waiting = 0;
  #inFlight = 0;
  /** When the database last answered, or was first asked again after a rest: milliseconds since 1970. */
  #heardAt = 0;
  #isFlushPlanned = false;
  #isSweeping = false;
  #entryBytes = 1024;

  constructor(options: DatabaseReadsOptions) {
    this.#options = options;
  }

  /**
   * Reads one key.
   *
   * @throws StrataError `unavailable` when the database fails or the deadline passes, `overloaded` when too many wait
   */
  read(key: Key, options: DatabaseReadOptions): Promise<DatabaseAnswer> {
    const { metrics, settings } = this.#options;
    if (this.#waiting >= settings.maxWaitingReads) {
      metrics.shed += 1;
      return Promise.reject(new StrataError('overloaded', 'Too many reads wait for the database.'));
    }
    if (this.#isStuck()) {
      metrics.shed += 1;
      return Promise.reject(new StrataError('unavailable', 'The database does not answer now.'));
    }
    this.#waiting += 1;
    return new Promise<DatabaseAnswer>((resolve, reject) => {
      this.#join(key, options, { deadline: options.deadline, isCollapsed: false, resolve, reject });
    }).finally(() => {
      this.#waiting -= 1;
    });
  }

  /**
   * Whether nothing has come from the database for so long that the next read would only wait in vain. What is on its
   * way finds out when it is back.
   */
  #isStuck(): boolean {
    if (this.#inFlight === 0) return false;
    return this.#options.clock.now() - this.#heardAt > this.#options.settings.stuckAfterMs;
  }

  #join(key: Key, { lease, mayJoinSent }: DatabaseReadOptions, waiter: Waiter): void {
    const unsent = this.#unsent.get(key);
    if (unsent !== undefined) {
      unsent.lease = lease ?? unsent.lease;
      unsent.waiters.push(this.#collapsed(waiter));
      return;
    }
    // A lease of one's own means that the one of the read under way is void: its answer would not count.
    const leased = mayJoinSent && lease === undefined ? this.#leased.get(key) : undefined;
    if (leased !== undefined) {
      leased.joined.push(this.#collapsed(waiter));
      return;
    }
    const read = new KeyRead(key, lease);
    read.waiters.push(waiter);
    this.#unsent.set(key, read);
    this.#outstanding.add(read);
    if (!this.#isSweeping) void this.#sweep();
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #collapsed(waiter: Waiter): Waiter {
    this.#options.metrics.collapsed += 1;
    return { ...waiter, isCollapsed: true };
  }

  #flush(): void {
    const { maxBatchesInFlight } = this.#options.settings;
    while (this.#inFlight < maxBatchesInFlight && this.#unsent.size > 0) {
      const batch = this.#nextBatch();
      if (batch.length > 0) void this.#send(batch);
    }
  }

  #nextBatch(): KeyRead[] {
    const { maxBatchKeys, maxBatchBytes } = this.#options.settings;
    const limit = Math.min(maxBatchKeys, Math.max(1, Math.floor(maxBatchBytes / this.#entryBytes)));
    const batch: KeyRead[] = [];
    for (const [key, read] of this.#unsent) {
      this.#unsent.delete(key);
      if (read.waiters.length === 0) this.#outstanding.delete(read);
      else batch.push(read);
      if (batch.length === limit) break;
    }
    return batch;
  }

  async #send(batch: readonly KeyRead[]): Promise<void> {
    const { reader, clock, metrics } = this.#options;
    const startedAt = performance.now();
    const asOf = clock.now();
    for (const read of batch) if (read.lease !== undefined) this.#leased.set(read.key, read);
    if (this.#inFlight === 0) this.#heardAt = asOf;
    this.#inFlight += 1;
    const outcome = await reader.batchGet(batch.map((read) => read.key)).catch(asError);
    metrics.databaseRead(batch.length, performance.now() - startedAt, outcome instanceof Error ? 'failed' : 'ok');
    this.#release(batch);
    if (outcome instanceof Error) {
      for (const read of batch) read.reject(outcome);
      return;
    }
    this.#learnSize(outcome.entries);
    await this.#answer(batch, outcome.entries, asOf);
  }

  #release(batch: readonly KeyRead[]): void {
    this.#inFlight -= 1;
    this.#heardAt = this.#options.clock.now();
    for (const read of batch) {
      this.#outstanding.delete(read);
      if (this.#leased.get(read.key) === read) this.#leased.delete(read.key);
    }
    this.#flush();
  }

  async #answer(batch: readonly KeyRead[], entries: readonly (Entry | undefined)[], asOf: number): Promise<void> {
    const fills: CacheFill[] = [];
    const filling: KeyRead[] = [];
    for (const [index, read] of batch.entries()) {
      if (read.lease === undefined) {
        read.resolve({ entry: entries[index], asOf, isStored: false });
        continue;
      }
      fills.push({ key: read.key, lease: read.lease, entry: entries[index], asOf });
      filling.push(read);
    }
    if (fills.length === 0) return;
    const taken = await this.#options.cache.fill(fills);
    for (const [index, read] of filling.entries()) {
      const isStored = taken[index] === true;
      read.resolve({ entry: fills[index]?.entry, asOf, isStored });
      for (const waiter of read.joined.splice(0)) {
        const { deadline } = waiter;
        if (isStored) waiter.resolve({ entry: fills[index]?.entry, asOf, isStored, isCollapsed: true });
        else this.#join(read.key, { lease: undefined, mayJoinSent: false, deadline }, waiter);
      }
    }
  }

  /** Rises at once and falls slowly: one batch of large entries is enough to make the next ones small. */
  #learnSize(entries: readonly (Entry | undefined)[]): void {
    let bytes = 0;
    for (const entry of entries) bytes += 256 + (entry?.value.byteLength ?? 0);
    this.#entryBytes = Math.max(this.#entryBytes * 0.9, bytes / Math.max(1, entries.length));
  }

  /** Lets go those whose deadline has passed, also when the database never answers. */
  async #sweep(): Promise<void> {
    this.#isSweeping = true;
    while (this.#outstanding.size > 0) {
      await this.#options.clock.sleep(sweepEveryMs);
      const now = this.#options.clock.now();
      for (const read of this.#outstanding) read.expire(now);
    }
    this.#isSweeping = false;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
