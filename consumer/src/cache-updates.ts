import { randomUUID } from 'node:crypto';
import type { CacheWrite, EntryCache, Key } from '@stratakv/core';
import type { ConsumerMetrics } from './metrics.ts';

/*
 * What a consumer tells the cache. Nothing here ever fails a batch: what the cache does not take in costs misses, or
 * staleness bounded by the cache's TTL, since every cached thing ages from its own database read or commit.
 *
 * After an `invalidate` that failed nobody knows whether the marker stands, nor since when: the call may still arrive,
 * even after another consumer has taken the partition over, committed and put. A put under that marker could then
 * store this batch's entry over a newer one. So the put after it goes under a marker that was never set: it stores
 * nothing and only removes what is older.
 *
 * Nobody takes a marker away after a batch that ended without an answer: the transaction may still commit, and a fill
 * from before it must go on being refused. Such markers run out.
 */

export interface CacheUpdatesOptions {
  readonly cache: EntryCache;
  readonly metrics: ConsumerMetrics;
  /** How long a cache that fails slowly is left alone, milliseconds. */
  readonly retryMs: number;
}

/** Slower failures than this are time-outs, which would hold every batch up. */
const slowMs = 50;

export class CacheUpdates {
  readonly #options: CacheUpdatesOptions;
  #retryAt = 0;

  constructor(options: CacheUpdatesOptions) {
    this.#options = options;
  }

  /**
   * Before a commit. Returns the marker for the `put` after it. Never rejects.
   *
   * @param marker of the attempt before, to be set again with a full term
   */
  async invalidate(keys: readonly Key[], marker: string = randomUUID()): Promise<string> {
    if (keys.length === 0) return marker;
    const isDone = await this.#attempt('invalidate', () => this.#options.cache.invalidate(keys, marker));
    if (isDone) this.#options.metrics.invalidations.inc(keys.length);
    return isDone ? marker : randomUUID();
  }

  /** After a commit. Never rejects. */
  async put(keys: readonly Key[], writes: readonly CacheWrite[], marker: string): Promise<void> {
    if (keys.length === 0) return;
    await this.#attempt('put', () => this.#options.cache.put(keys, writes, marker));
  }

  async #attempt(call: 'invalidate' | 'put', attempt: () => Promise<void>): Promise<boolean> {
    const { metrics, retryMs } = this.#options;
    const startedAt = performance.now();
    try {
      if (startedAt >= this.#retryAt) {
        await attempt();
        return true;
      }
    } catch {
      const now = performance.now();
      if (now - startedAt >= slowMs) this.#retryAt = now + retryMs;
    }
    metrics.cacheFailures.inc({ call });
    return false;
  }
}
