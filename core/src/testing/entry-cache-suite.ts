import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Entry } from '../entry.ts';
import { type Key, parseKey } from '../key.ts';
import type { Clock } from '../ports/clock.ts';
import type { CacheAnswer, CachedEntry, EntryCache } from '../ports/entry-cache.ts';
import { entryCacheReadCases } from './entry-cache-read-suite.ts';
import { entryCacheWriteCases } from './entry-cache-write-suite.ts';

/** An empty cache of its own for one test. */
export interface CacheHarness {
  readonly cache: EntryCache;
  /** The clock the cache goes by; the machine's where the cache has a server. */
  readonly clock: Clock;
  /** Moves that clock by `ms` milliseconds. Left out where it cannot be moved: then the cases wait. */
  advance?(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Short terms, so that a cache with a real clock can be waited for; milliseconds. */
export interface CacheSettings {
  readonly freshMs: number;
  readonly staleMaxMs: number;
  readonly absentTtlMs: number;
  readonly leaseTermMs: number;
  readonly markerTermMs: number;
}

export type CreateCache = (settings: CacheSettings) => Promise<CacheHarness>;

const settings: CacheSettings = {
  freshMs: 400,
  staleMaxMs: 600,
  absentTtlMs: 400,
  leaseTermMs: 400,
  markerTermMs: 800,
};

/** What a case gets: the harness, and words for what cases do most. */
export class CacheCase {
  readonly cache: EntryCache;
  readonly settings = settings;
  readonly #harness: CacheHarness;

  constructor(harness: CacheHarness) {
    this.#harness = harness;
    this.cache = harness.cache;
  }

  now(): number {
    return this.#harness.clock.now();
  }

  /** Lets `ms` milliseconds pass for the cache. */
  async pass(ms: number): Promise<void> {
    await (this.#harness.advance?.(ms) ?? delay(ms));
  }

  /** Looks one key up, wanting a lease, and takes what is at most `maxAgeMs` old. */
  async ask(key: Key, maxAgeMs = 60_000): Promise<CacheAnswer> {
    const [answer] = await this.cache.lookup([{ key, maxAgeMs, wantsLease: true }]);
    if (answer === undefined) throw new Error('lookup gave no answer');
    return answer;
  }

  /** What the cache holds about a key, without taking a lease; undefined: a miss. */
  async held(key: Key, maxAgeMs = 60_000): Promise<CachedEntry | undefined> {
    const [answer] = await this.cache.lookup([{ key, maxAgeMs, wantsLease: false }]);
    return answer?.kind === 'hit' ? answer.cached : undefined;
  }

  /** Takes the lease of a key. Fails the test when there is none to have. */
  async lease(key: Key, maxAgeMs = 60_000): Promise<string> {
    const answer = await this.ask(key, maxAgeMs);
    if (answer.kind === 'hit' || answer.lease === undefined) throw new Error(`no lease: ${JSON.stringify(answer)}`);
    return answer.lease;
  }

  /** Fills a key with a lease; true when the fill was taken. */
  async fill(key: Key, lease: string, entry: Entry | undefined, asOf = this.now()): Promise<boolean> {
    const [isTaken] = await this.cache.fill([{ key, lease, entry, asOf }]);
    return isTaken === true;
  }
}

/** An entry as a database would have it. */
export function entryOf(key: string, version: number, members: Partial<Entry> = {}): Entry {
  return {
    key: parseKey(key),
    value: new Uint8Array(Buffer.from(`version ${version}`)),
    contentType: 'text/plain',
    meta: [['author', 'Zoë']],
    version,
    modifiedAt: Math.floor(version / 1000),
    expiresAt: undefined,
    ...members,
  };
}

export type CacheTest = (title: string, body: (given: CacheCase) => Promise<void>) => void;

/** Registers the tests that every EntryCache passes. */
export function entryCacheSuite(name: string, create: CreateCache): void {
  const cacheTest: CacheTest = (title, body) => {
    test(title, async () => {
      const harness = await create(settings);
      try {
        await body(new CacheCase(harness));
      } finally {
        await harness.close();
      }
    });
  };
  describe(`${name} as EntryCache`, () => {
    describe('readers', () => entryCacheReadCases(cacheTest));
    describe('writers', () => entryCacheWriteCases(cacheTest));
  });
}
