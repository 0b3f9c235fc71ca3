import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { systemClock } from '@stratakv/adapter-in-process';
import type { CacheAnswer, CachedEntry, Entry, Key, Tombstone } from '@stratakv/core';
import {
  connectRedisCache,
  type RedisCacheEvent,
  type RedisCacheOptions,
  type RedisEntryCache,
  type RedisServer,
} from '../src/index.ts';

/** Whatever runs `close` at its end: a test, which does so also when it failed. */
interface Scope {
  after(close: () => Promise<void>): void;
}

/** A cache of its own in a Redis for one test, with what happened to it and words for what tests do most. */
export class OpenCache {
  readonly cache: RedisEntryCache;
  readonly prefix: string;
  readonly events: readonly RedisCacheEvent[];

  constructor(cache: RedisEntryCache, prefix: string, events: readonly RedisCacheEvent[]) {
    this.cache = cache;
    this.prefix = prefix;
    this.events = events;
  }

  /** What Redis calls the slot of a key. */
  slot(key: string): string {
    return `${this.prefix}:c1:${key}`;
  }

  /** What Redis calls the body of a large entry. */
  body(key: string): string {
    return `${this.prefix}:b1:${key}`;
  }

  async ask(key: Key, maxAgeMs = 60_000, wantsLease = true): Promise<CacheAnswer> {
    const [answer] = await this.cache.lookup([{ key, maxAgeMs, wantsLease }]);
    assert.ok(answer);
    return answer;
  }

  async held(key: Key, maxAgeMs = 60_000): Promise<CachedEntry | undefined> {
    const answer = await this.ask(key, maxAgeMs, false);
    return answer.kind === 'hit' ? answer.cached : undefined;
  }

  async lease(key: Key, maxAgeMs = 60_000): Promise<string> {
    const answer = await this.ask(key, maxAgeMs);
    assert.ok(answer.kind === 'miss' && answer.lease !== undefined, `no lease: ${JSON.stringify(answer)}`);
    return answer.lease;
  }

  async fill(key: Key, lease: string, entry: Entry | undefined, asOf = Date.now()): Promise<boolean> {
    const [isTaken] = await this.cache.fill([{ key, lease, entry, asOf }]);
    return isTaken === true;
  }

  async put(stored: Entry | Tombstone, marker: string, asOf = Date.now()): Promise<void> {
    await this.cache.put([stored.key], [{ stored, asOf }], marker);
  }

  countOf(kind: RedisCacheEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }
}

/** Connects under a prefix of its own. */
export async function openCache(
  scope: Scope,
  server: RedisServer,
  options: Partial<RedisCacheOptions> = {},
): Promise<OpenCache> {
  const events: RedisCacheEvent[] = [];
  const prefix = options.prefix ?? `t-${randomUUID()}`;
  const onEvent = (event: RedisCacheEvent) => void events.push(event);
  // The machine of the tests may be slow; those that are about time say how much.
  const defaults = { clock: systemClock, commandTimeoutMs: 2000 };
  const cache = await connectRedisCache({ ...defaults, server, onEvent, ...options, prefix });
  scope.after(() => cache.close());
  return new OpenCache(cache, prefix, events);
}
