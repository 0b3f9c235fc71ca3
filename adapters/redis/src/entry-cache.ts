import {
  type CacheAnswer,
  type CachedEntry,
  type CacheFill,
  type CacheQuery,
  type CacheWrite,
  type Clock,
  Doorkeeper,
  type EntryCache,
  isTombstone,
  type Key,
  type Version,
} from '@stratakv/core';
import type { RedisConnection } from './connection.ts';
import { Fullness } from './fullness.ts';
import { inGroups } from './groups.ts';
import { Leases, type LeaseWish } from './leases.ts';
import type { RedisCacheEvent, RedisCacheOptions } from './options.ts';
import { type SampledEntry, Sampler } from './sampler.ts';
import { type NewSlot, nothing, writeHead, writeSlot } from './slot.ts';
import type { SlotNames } from './slot-names.ts';
import { inlineBytes, SlotReader } from './slot-reader.ts';

/*
 * Why nothing here is ever served as fresher than it is, whatever Redis loses:
 *
 * An entry carries the time it was true (`asOf`: the start of the database read, or the commit) under its checksum, and
 * the reader judges its age by that. So what is served as at most `maxAgeMs` old was the current entry at most
 * `maxAgeMs` ago, and that takes no help of Redis. Leases and markers only make the cache fresher than this bound.
 *
 * A failover may roll the cache back. Then an entry, a removal, a lease or a marker of the last moment is lost:
 *  - an entry that was removed comes back: it ages from its own `asOf`, and the put removes it as older;
 *  - a marker is lost: a reader may get a lease and fill in what it read before the commit. The put finds no marker,
 *    stores nothing, removes that fill as older and voids the lease. If the put is lost too, the fill ages out;
 *  - a lease that was voided comes back: its fill is what the database said at its `asOf`, and ages out;
 *  - a lease is lost: its fill is refused. No token is ever given twice.
 * A master that is cut off from Sentinel, but not from us, works in the same way; only that writes of others do not get
 * there, so that what it has ages out. `min-replicas-to-write` does not change that, since it does not stop reads; it
 * would only make the cache useless when both replicas are down.
 *
 * Each call is one round trip, and a second one when a lookup misses and wants leases, or meets large values. Writes
 * of more than 4 MiB or 1,000 keys go in several.
 */

/** How long a thing is kept, when nothing is to be kept (`scripts.ts`); milliseconds. */
const notKept = { expired: 0, tooLarge: -1 };

export type CacheTerms = Required<
  Pick<RedisCacheOptions, 'freshMs' | 'staleMaxMs' | 'absentTtlMs' | 'leaseTermMs' | 'markerTermMs' | 'maxValueBytes'>
>;

export interface RedisEntryCacheOptions {
  readonly connection: RedisConnection;
  readonly names: SlotNames;
  readonly clock: Clock;
  readonly terms: CacheTerms;
  readonly onEvent: (event: RedisCacheEvent) => void;
}

interface KeptSlot extends NewSlot {
  readonly key: Key;
  readonly keepMs: number;
}

const plainMiss: CacheAnswer = { kind: 'miss', lease: undefined, stale: undefined };

/** The cache in Redis. `scripts.ts` has its rules. */
export class RedisEntryCache implements EntryCache {
  readonly #connection: RedisConnection;
  readonly #names: SlotNames;
  readonly #clock: Clock;
  readonly #terms: CacheTerms;
  readonly #onEvent: (event: RedisCacheEvent) => void;
  readonly #reader: SlotReader;
  readonly #leases: Leases;
  readonly #fullness: Fullness;
  readonly #doorkeeper = new Doorkeeper();
  readonly #sampler: Sampler;

  constructor({ connection, names, clock, terms, onEvent }: RedisEntryCacheOptions) {
    this.#connection = connection;
    this.#names = names;
    this.#clock = clock;
    this.#terms = terms;
    this.#onEvent = onEvent;
    this.#reader = new SlotReader(connection, names);
    this.#fullness = new Fullness(connection);
    this.#leases = new Leases({ connection, names, termMs: terms.leaseTermMs });
    this.#sampler = new Sampler({ connection, names, lookup: (queries) => this.lookup(queries) });
  }

  async lookup(queries: readonly CacheQuery[]): Promise<readonly CacheAnswer[]> {
    const slots = await this.#reader.read(queries.map(({ key }) => key));
    const now = this.#clock.now();
    const wishes: LeaseWish[] = [];
    const answers = queries.map((query, index): CacheAnswer => {
      const slot = slots[index];
      const cached = slot?.kind === 'entry' ? slot.cached : undefined;
      const held = cached !== undefined && now < this.#heldUntil(cached) ? cached : undefined;
      if (held !== undefined && now - held.asOf <= query.maxAgeMs) return { kind: 'hit', cached: held };
      const { key } = query;
      const wantsLease = query.wantsLease && (slot?.kind !== 'none' || this.#isWorthRoom(key));
      const isDamaged = slot?.kind === 'damaged';
      if (isDamaged) this.#onEvent({ kind: 'damaged', key });
      // What is there but not held is no hit for anybody, however old it may be.
      const hitFrom = cached === undefined || held !== undefined ? now - query.maxAgeMs : Number.MAX_SAFE_INTEGER;
      if (wantsLease || isDamaged) wishes.push({ index, key, wantsLease, isDamaged, hitFrom });
      return held === undefined ? plainMiss : { kind: 'miss', lease: undefined, stale: held };
    });
    for (const { index, lease } of await this.#leases.take(wishes)) {
      const answer = answers[index];
      if (answer?.kind === 'miss') answers[index] = { ...answer, lease };
    }
    return answers;
  }

  async fill(fills: readonly CacheFill[]): Promise<readonly boolean[]> {
    const now = this.#clock.now();
    const items = fills.map(({ key, lease, entry, asOf }) => ({
      lease,
      ...this.#slotOf(key, { entry, asOf }, entry?.version ?? 0, now),
    }));
    let letters = '';
    for (const group of inGroups(items, bytesOf)) {
      const names = group.flatMap(({ key }) => [this.#names.slot(key), this.#names.body(key)]);
      const rest = group.flatMap(({ lease, keepMs, slot, body }) => [lease, keepMs, slot, body]);
      const { leaseTermMs } = this.#terms;
      letters += await this.#connection.call((redis) => redis.kvFill(names.length, ...names, leaseTermMs, ...rest));
    }
    this.#countRefused(letters);
    return fills.map((_, index) => letters[index] === 't');
  }

  async invalidate(keys: readonly Key[], marker: string): Promise<void> {
    for (const group of inGroups(keys, (key) => key.length)) {
      const names = group.map((key) => this.#names.slot(key));
      const { markerTermMs } = this.#terms;
      const refused = await this.#connection.call((redis) =>
        redis.kvInvalidate(names.length, ...names, marker, markerTermMs),
      );
      if (refused > 0) this.#onEvent({ kind: 'full', refused });
    }
  }

  async put(keys: readonly Key[], writes: readonly CacheWrite[], marker: string): Promise<void> {
    const now = this.#clock.now();
    const items = new Map<Key, KeptSlot>();
    for (const key of keys) items.set(key, { key, keepMs: notKept.expired, slot: nothing, body: nothing });
    for (const { stored, asOf } of writes) {
      const entry = isTombstone(stored) ? undefined : stored;
      items.set(stored.key, this.#slotOf(stored.key, { entry, asOf }, stored.version, now));
    }
    let letters = '';
    for (const group of inGroups([...items.values()], bytesOf)) {
      const names = group.flatMap(({ key }) => [this.#names.slot(key), this.#names.body(key)]);
      const rest = group.flatMap(({ keepMs, slot, body }) => [keepMs, slot, body]);
      letters += await this.#connection.call((redis) => redis.kvPut(names.length, ...names, marker, ...rest));
    }
    this.#countRefused(letters);
  }

  /**
   * Some of what is cached, to be compared with the database: a share of the cache at each call, so that calls one after
   * the other come by everything.
   *
   * @param limit about this many, at least 1
   * @param maxAgeMs only what a reader would get who takes nothing older
   * @throws StrataError `unavailable`
   */
  sample(limit: number, maxAgeMs: number): Promise<readonly SampledEntry[]> {
    return this.#sampler.sample(limit, maxAgeMs);
  }

  async check(): Promise<void> {
    await this.#connection.call((redis) => redis.ping());
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Whether a key that nothing is cached about may come in: into a full cache, only what was asked for before. */
  #isWorthRoom(key: Key): boolean {
    return !this.#fullness.isFull || this.#doorkeeper.knows(key);
  }

  /** Milliseconds since 1970 from which on it is neither fresh nor stale. Redis removes it then, by its own clock. */
  #heldUntil({ entry, asOf }: CachedEntry): number {
    const { freshMs, staleMaxMs, absentTtlMs } = this.#terms;
    if (entry === undefined) return asOf + absentTtlMs;
    return Math.min(asOf + freshMs + staleMaxMs, entry.expiresAt ?? Number.POSITIVE_INFINITY);
  }

  #slotOf(key: Key, cached: CachedEntry, version: Version | 0, now: number): KeptSlot {
    if (cached.entry !== undefined && cached.entry.value.byteLength > this.#terms.maxValueBytes) {
      return { key, keepMs: notKept.tooLarge, ...writeHead(cached, version) };
    }
    const keepMs = Math.ceil(this.#heldUntil(cached) - now);
    if (keepMs <= 0) return { key, keepMs: notKept.expired, ...writeHead(cached, version) };
    return { key, keepMs, ...writeSlot(cached, version, inlineBytes) };
  }

  /** @param letters what a script says about each key */
  #countRefused(letters: string): void {
    const refused = letters.split('f').length - 1;
    if (refused > 0) this.#onEvent({ kind: 'full', refused });
  }
}

function bytesOf({ slot, body }: NewSlot): number {
  return slot.length + body.length;
}
