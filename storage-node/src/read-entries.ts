import {
  type CacheAnswer,
  type CachedEntry,
  type CacheQuery,
  type CacheStatus,
  type Clock,
  isExpired,
  type Key,
  type LeveledAnswer,
  type LeveledRead,
  type PendingAnswer,
  type ReadLevel,
  StrataError,
} from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import type { CacheAccess } from './cache-access.ts';
import type { DatabaseReads } from './database-reads.ts';
import type { StorageMetrics } from './metrics.ts';
import type { StorageSettings } from './storage-settings.ts';

/*
 * The read path: one lookup in the cache for the whole batch, then the database for what is left. Answers from the
 * cache are there as soon as the lookup is; each answer that needs the database is a promise of its own, so a hit never
 * waits for the misses beside it.
 */

export interface EntryReadsOptions {
  readonly cache: CacheAccess;
  readonly database: DatabaseReads;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StorageMetrics;
  readonly settings: StorageSettings;
}

type Forwarded = NonNullable<CacheStatus['forwarded']>;

const notCached: LeveledAnswer = { kind: 'problem', code: 'not-cached' };
const overloaded: LeveledAnswer = { kind: 'problem', code: 'overloaded' };

export class EntryReads {
  readonly #options: EntryReadsOptions;
  #bypassing = 0;

  constructor(options: EntryReadsOptions) {
    this.#options = options;
  }

  /**
   * Reads entries, each at its level; one answer for each read, in order. Resolves as soon as the cache has answered.
   *
   * @param deadline milliseconds since 1970 after which nobody waits for an answer
   */
  async readEach(reads: readonly LeveledRead[], deadline: number): Promise<readonly PendingAnswer[]> {
    const queries: CacheQuery[] = [];
    for (const { key, level } of reads) if (!level.noCache) queries.push(this.#query(key, level));
    const answers = queries.length === 0 ? [] : await this.#options.cache.lookup(queries);
    const now = this.#options.clock.now();
    const pending: PendingAnswer[] = [];
    let next = 0;
    for (const read of reads) {
      if (read.level.noCache) pending.push(this.#pastCache(read, 'request', deadline));
      else if (answers === undefined) pending.push(this.#pastCache(read, 'bypass', deadline));
      else pending.push(this.#judge(read, answers[next++], now, deadline));
    }
    return pending;
  }

  #query(key: Key, { maxAgeSeconds, onlyIfCached }: ReadLevel): CacheQuery {
    const { freshMs } = this.#options.settings;
    const maxAgeMs = maxAgeSeconds === undefined ? freshMs : Math.min(freshMs, maxAgeSeconds * 1000);
    return { key, maxAgeMs, wantsLease: !onlyIfCached };
  }

  #judge(read: LeveledRead, answer: CacheAnswer | undefined, now: number, deadline: number): PendingAnswer {
    const { metrics, settings } = this.#options;
    if (answer?.kind === 'hit') {
      metrics.reads.hit += 1;
      return this.#fromCache(answer.cached, now);
    }
    metrics.reads.miss += 1;
    if (read.level.onlyIfCached) return notCached;
    const stale = answer?.stale;
    if (stale === undefined) return this.#fromDatabase(read, 'miss', answer?.lease, deadline);
    // RFC 9211 §2.2: fresh, but the request asks for less age.
    const isFresh = now - stale.asOf <= settings.freshMs;
    return this.#fromDatabase(read, isFresh ? 'request' : 'stale', answer?.lease, deadline);
  }

  #pastCache(read: LeveledRead, forwarded: 'request' | 'bypass', deadline: number): PendingAnswer {
    const { metrics, settings } = this.#options;
    metrics.reads[forwarded === 'bypass' ? 'bypass' : 'not-asked'] += 1;
    if (read.level.onlyIfCached) return notCached;
    if (forwarded === 'request') return this.#fromDatabase(read, forwarded, undefined, deadline);
    if (this.#bypassing >= settings.maxBypassReads) {
      metrics.shed += 1;
      return overloaded;
    }
    this.#bypassing += 1;
    return this.#fromDatabase(read, forwarded, undefined, deadline).finally(() => {
      this.#bypassing -= 1;
    });
  }

  #fromCache({ entry, asOf }: CachedEntry, now: number): LeveledAnswer {
    const { freshMs, absentFreshMs } = this.#options.settings;
    const ageMs = Math.max(0, now - asOf);
    const freshForMs = (entry === undefined ? absentFreshMs : freshMs) - ageMs;
    const expiresAt = entry?.expiresAt;
    return {
      kind: 'found',
      entry: entry === undefined || isExpired(entry, now) ? undefined : entry,
      ageMs,
      cacheStatus: {
        forwarded: undefined,
        ttlMs: expiresAt === undefined ? freshForMs : Math.min(freshForMs, expiresAt - now),
        isStored: false,
        isCollapsed: false,
      },
    };
  }

  async #fromDatabase(
    read: LeveledRead,
    forwarded: Forwarded,
    lease: string | undefined,
    deadline: number,
  ): Promise<LeveledAnswer> {
    const { database, clock, logger } = this.#options;
    try {
      const mayJoinSent = !read.level.noCache;
      const { entry, asOf, isStored, isCollapsed } = await database.read(read.key, { lease, mayJoinSent, deadline });
      const ageMs = Math.max(0, clock.now() - asOf);
      return { kind: 'found', entry, ageMs, cacheStatus: { forwarded, ttlMs: undefined, isStored, isCollapsed } };
    } catch (error) {
      const code = error instanceof StrataError ? error.code : 'internal';
      const { traceId } = read;
      if (code === 'internal') logger.error({ err: error, traceId }, 'the database failed a read in an unknown way');
      else logger.debug({ err: error, traceId }, 'the database failed a read');
      return (await this.#insteadOfDatabase(read, forwarded)) ?? { kind: 'problem', code };
    }
  }

  /**
   * What the cache has: beyond its freshness by no more than the client takes (`stale-if-error`, RFC 5861 §4), and
   * within it when the cache was not asked before, because it was taken to be down.
   */
  async #insteadOfDatabase({ key, level }: LeveledRead, forwarded: Forwarded): Promise<LeveledAnswer | undefined> {
    const { staleIfErrorSeconds } = level;
    if (staleIfErrorSeconds === undefined && forwarded !== 'bypass') return undefined;
    const { cache, clock, settings, metrics } = this.#options;
    const { maxAgeMs: freshMs } = this.#query(key, level);
    const maxAgeMs = staleIfErrorSeconds === undefined ? freshMs : settings.freshMs + staleIfErrorSeconds * 1000;
    const [answer] = (await cache.lookup([{ key, maxAgeMs, wantsLease: false }])) ?? [];
    if (answer?.kind !== 'hit') return undefined;
    const now = clock.now();
    metrics.reads[now - answer.cached.asOf > settings.freshMs ? 'stale' : 'hit'] += 1;
    return this.#fromCache(answer.cached, now);
  }
}
