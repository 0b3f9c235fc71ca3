import type { CachedEntry, Clock, EntryCache, EntryReader, Key, Version } from '@stratakv/core';
import { type Logger, logKey } from '@stratakv/service-kit';
import type { CacheAuditMetrics } from './cache-audit-metrics.ts';

/*
 * The truth meter: looks at some of what the cache holds and asks the database about it. Three things may come out.
 * The two agree. Or the cache is behind: that is promised to last no longer than the cache TTL. Or it is behind for
 * longer than that, or says of itself to be newer than a write it does not show: a broken promise. After Meta's Polaris
 * ("Cache made consistent", 2022), which watches a cache in the same way, from outside and all the time.
 */

/** A key the cache holds something about. */
export interface SampledKey {
  readonly key: Key;
}

export interface CacheAuditOptions {
  /** Some keys of what the cache holds, at random. Rejects when it cannot be used. */
  readonly sample: (limit: number) => Promise<readonly SampledKey[]>;
  readonly cache: Pick<EntryCache, 'lookup'>;
  readonly reader: Pick<EntryReader, 'batchGet'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: CacheAuditMetrics;
  /** The cache TTL, milliseconds. */
  readonly freshMs: number;
  readonly everyMs: number;
  /** Keys looked at in one round. */
  readonly sampleKeys: number;
}

/** A cached entry that was behind when it was seen first. */
interface Behind {
  readonly version: Version;
  readonly since: number;
}

/** How far the clocks of servers may be apart (DESIGN §1). */
const skewMs = 1000;
/** Keys watched until they agree again; more are not needed to see that something is wrong. */
const maxWatched = 1000;

export class CacheAudit {
  readonly #options: CacheAuditOptions;
  readonly #behind = new Map<Key, Behind>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: CacheAuditOptions) {
    this.#options = options;
    this.#running = this.#repeat();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #repeat(): Promise<void> {
    const { clock, everyMs, logger } = this.#options;
    for (;;) {
      await clock.sleep(everyMs * (0.9 + Math.random() / 5), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        await this.round();
      } catch (error) {
        // Without cache or database there is nothing to compare.
        logger.debug({ err: error }, 'a round of the cache audit could not be made');
      }
    }
  }

  /** Compares one sample, and all that was behind before. Rejects when cache or database cannot be asked. */
  async round(): Promise<void> {
    const { sample, metrics, sampleKeys } = this.#options;
    const sampled = (await sample(sampleKeys)).map(({ key }) => key);
    const keys = [...new Set([...sampled, ...this.#behind.keys()])];
    const cached = await this.#lookUp(keys);
    const held = keys.filter((key) => cached.has(key));
    for (const key of this.#behind.keys()) if (!cached.has(key)) this.#behind.delete(key);
    const { entries } = await this.#options.reader.batchGet(held);
    let violations = 0;
    for (const [index, key] of held.entries()) {
      const entry = cached.get(key);
      if (entry !== undefined && this.#judge(key, entry, entries[index]) === 'broken') violations += 1;
    }
    metrics.observe(held.length, this.#behind.size, violations);
  }

  /** What the cache would answer now. */
  async #lookUp(keys: readonly Key[]): Promise<ReadonlyMap<Key, CachedEntry>> {
    const { cache, freshMs } = this.#options;
    const answers = await cache.lookup(keys.map((key) => ({ key, maxAgeMs: freshMs, wantsLease: false })));
    const found = new Map<Key, CachedEntry>();
    for (const [index, key] of keys.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'hit') found.set(key, answer.cached);
    }
    return found;
  }

  #judge(key: Key, cached: CachedEntry, stored: CachedEntry['entry']): 'agrees' | 'behind' | 'broken' {
    const now = this.#options.clock.now();
    const version = cached.entry?.version ?? 0;
    if (version === (stored?.version ?? 0)) {
      this.#behind.delete(key);
      return 'agrees';
    }
    const seen = this.#behind.get(key);
    const behind = seen?.version === version ? seen : { version, since: now };
    if (seen !== undefined || this.#behind.size < maxWatched) this.#behind.set(key, behind);
    const hidesWrite = stored !== undefined && stored.modifiedAt < cached.asOf - skewMs;
    const isOverdue = now - behind.since > this.#options.freshMs + skewMs;
    if (!hidesWrite && !isOverdue) return 'behind';
    const versions = { cached: version, stored: stored?.version };
    this.#options.logger.error({ key: logKey(key), ...versions, asOf: cached.asOf }, 'the cache breaks its promise');
    return 'broken';
  }
}
