import type { CacheAnswer, CacheFill, CacheQuery, Clock, EntryCache } from '@stratakv/core';
import type { StorageMetrics } from './metrics.ts';

export interface CacheAccessOptions {
  readonly cache: EntryCache;
  readonly clock: Clock;
  readonly metrics: StorageMetrics;
  /** How long the cache is left alone after a failure, milliseconds. */
  readonly retryMs: number;
}

/**
 * The cache, as something that may be down: after a failure it is left alone for a moment, then one lookup tries it
 * while the others still go round it. Otherwise a frozen Redis would make each read wait for its time-out.
 */
export class CacheAccess {
  readonly #cache: EntryCache;
  readonly #clock: Clock;
  readonly #metrics: StorageMetrics;
  readonly #retryMs: number;
  #isDown = false;
  #retryAt = 0;

  constructor({ cache, clock, metrics, retryMs }: CacheAccessOptions) {
    this.#cache = cache;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#retryMs = retryMs;
  }

  /** One answer for each query; undefined when the cache is down. Never rejects. */
  async lookup(queries: readonly CacheQuery[]): Promise<readonly CacheAnswer[] | undefined> {
    if (this.#isDown && !this.#mayTry()) return undefined;
    try {
      const answers = await this.#cache.lookup(queries);
      this.#isDown = false;
      return answers;
    } catch {
      this.#fail();
      this.#metrics.cacheFailures.lookup += 1;
      return undefined;
    }
  }

  /** True for each fill that was taken. Never rejects: what the cache does not take is read again. */
  async fill(fills: readonly CacheFill[]): Promise<readonly boolean[]> {
    if (fills.length === 0 || this.#isDown) return [];
    try {
      const taken = await this.#cache.fill(fills);
      const count = taken.filter(Boolean).length;
      this.#metrics.fills.taken += count;
      this.#metrics.fills.refused += fills.length - count;
      return taken;
    } catch {
      this.#fail();
      this.#metrics.cacheFailures.fill += 1;
      return [];
    }
  }

  /** Whoever asks first after the pause tries; until that has ended, the others get another pause. */
  #mayTry(): boolean {
    const now = this.#clock.now();
    if (now < this.#retryAt) return false;
    this.#retryAt = now + this.#retryMs;
    return true;
  }

  #fail(): void {
    this.#isDown = true;
    this.#retryAt = this.#clock.now() + this.#retryMs;
  }
}
