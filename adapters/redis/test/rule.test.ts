import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { InProcessEntryCache, systemClock } from '@stratakv/adapter-in-process';
import { type CachedEntry, type CacheWrite, type Entry, type EntryCache, type Key, parseKey } from '@stratakv/core';
import { entryOf } from '@stratakv/core/testing';
import { startRedis, type TestRedis } from '@stratakv/native/testing';
import fc from 'fast-check';
import { type OpenCache, openCache } from './open-cache.ts';

/*
 * Random histories of readers and consumers, step by step on the cache in Redis and on the one in process. Both have to
 * give the same answers, and no answer may be older than the last put that ended, or come while a marker stands.
 *
 * The database is a list of states for each key. Each read and each commit has a second of its own as its `asOf`, so an
 * answer tells which state it is, also when it is that there is no entry.
 */

type Step =
  | { readonly kind: 'lookup'; readonly reader: number; readonly keys: readonly number[]; readonly maxStates: number }
  | { readonly kind: 'read' | 'fill'; readonly reader: number }
  | { readonly kind: 'begin'; readonly consumer: number; readonly keys: readonly number[] }
  | { readonly kind: 'commit'; readonly consumer: number; readonly isDelete: boolean }
  | { readonly kind: 'put'; readonly consumer: number }
  | { readonly kind: 'lose'; readonly key: number };

const index = (count: number) => fc.nat(count - 1);
const someKeys = fc.constantFrom([0], [1], [0, 1], [1, 0, 1]);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('lookup'), reader: index(3), keys: someKeys, maxStates: index(4) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), reader: index(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fill'), reader: index(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin'), consumer: index(2), keys: someKeys }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit'), consumer: index(2), isDelete: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put'), consumer: index(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose'), key: index(2) }) },
) as fc.Arbitrary<Step>;

interface Batch {
  readonly marker: string;
  readonly keys: readonly Key[];
  readonly writes: CacheWrite[];
  readonly states: Map<Key, number>;
  isPut: boolean;
}

interface Pending {
  readonly key: Key;
  readonly leases: readonly string[];
  asOf: number;
  entry: Entry | undefined;
}

const secondMs = 1000;

class History {
  readonly #caches: readonly EntryCache[];
  readonly #keys: readonly Key[];
  /** Of each key: what the database held, one state after the other. */
  readonly #states = new Map<Key, (Entry | undefined)[]>();
  readonly #stateAt = new Map<number, number>();
  readonly #readers: Pending[][] = [[], [], []];
  readonly #consumers: (Batch | undefined)[] = [];
  /** The batch that may write a key: the last one that began, as the fence in the database has it. */
  readonly #fence = new Map<Key, Batch>();
  readonly #marked = new Map<Key, Batch>();
  readonly #lastPut = new Map<Key, number>();
  readonly #start = Date.now() - 1_000_000;
  #seconds = 0;
  #version = 5_000_000;

  constructor(caches: readonly EntryCache[], keys: readonly Key[]) {
    this.#caches = caches;
    this.#keys = keys;
    for (const key of keys) this.#states.set(key, [undefined]);
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'lookup':
        return this.#lookup(step.reader, this.#pick(step.keys), step.maxStates);
      case 'read':
        for (const pending of this.#readers[step.reader] ?? []) this.#read(pending);
        return;
      case 'fill':
        return this.#fill(step.reader);
      case 'begin':
        return this.#begin(step.consumer, this.#pick(step.keys));
      case 'commit':
        return this.#commit(step.consumer, step.isDelete);
      case 'put':
        return this.#put(step.consumer);
      case 'lose':
        for (const key of this.#pick([step.key])) await this.#lose(key);
    }
  }

  async #lookup(reader: number, keys: readonly Key[], maxStates: number): Promise<void> {
    // Half a second between two states, so that it does not matter when exactly it is asked.
    const maxAgeMs = Date.now() - (this.#start + (this.#seconds - 10 * maxStates) * secondMs) + secondMs / 2;
    const both = await Promise.all(
      this.#caches.map((cache) => cache.lookup(keys.map((key) => ({ key, maxAgeMs, wantsLease: true })))),
    );
    for (const [at, key] of keys.entries()) {
      const answers = both.map((each) => each[at] ?? assert.fail());
      const leases: string[] = [];
      const told = answers.map((answer) => {
        const found = answer.kind === 'hit' ? answer.cached : answer.stale;
        if (found !== undefined) this.#judge(key, found);
        if (answer.kind === 'miss' && answer.lease !== undefined) leases.push(answer.lease);
        return { kind: answer.kind, asOf: found?.asOf, isLeased: answer.kind === 'miss' && answer.lease !== undefined };
      });
      assert.deepEqual(told[0], told[1]);
      if (this.#marked.has(key)) assert.deepEqual(told[0], { kind: 'miss', asOf: undefined, isLeased: false });
      if (leases.length > 0) this.#readers[reader]?.push({ key, leases, asOf: 0, entry: undefined });
    }
  }

  /** An answer is what the database held at its `asOf`, and no older than the last put. */
  #judge(key: Key, { entry, asOf }: CachedEntry): void {
    const state = this.#stateAt.get(asOf) ?? assert.fail('an answer from a time without a read or commit');
    assert.equal(entry?.version, this.#states.get(key)?.[state]?.version);
    assert.ok(state >= (this.#lastPut.get(key) ?? 0), `state ${state} of ${key} is older than the last put`);
  }

  #read(pending: Pending): void {
    if (pending.asOf !== 0) return;
    pending.asOf = this.#tick(pending.key);
    pending.entry = this.#states.get(pending.key)?.at(-1);
  }

  async #fill(reader: number): Promise<void> {
    const ready = this.#readers[reader]?.filter(({ asOf }) => asOf !== 0) ?? [];
    this.#readers[reader] = this.#readers[reader]?.filter(({ asOf }) => asOf === 0) ?? [];
    const [one, two] = await Promise.all(
      this.#caches.map((cache, at) =>
        cache.fill(ready.map(({ key, leases, asOf, entry }) => ({ key, lease: leases[at] ?? '', asOf, entry }))),
      ),
    );
    assert.deepEqual(one, two);
  }

  async #begin(consumer: number, keys: readonly Key[]): Promise<void> {
    const batch: Batch = { marker: randomUUID(), keys, writes: [], states: new Map(), isPut: false };
    await Promise.all(this.#caches.map((cache) => cache.invalidate(keys, batch.marker)));
    this.#consumers[consumer] = batch;
    for (const key of keys) {
      this.#fence.set(key, batch);
      this.#marked.set(key, batch);
    }
  }

  #commit(consumer: number, isDelete: boolean): void {
    const batch = this.#consumers[consumer];
    if (batch === undefined || batch.writes.length > 0 || batch.isPut) return;
    if (batch.keys.some((key) => this.#fence.get(key) !== batch)) return;
    for (const key of new Set(batch.keys)) {
      this.#version += 1;
      const entry = entryOf(key, this.#version);
      this.#states.get(key)?.push(isDelete ? undefined : entry);
      const asOf = this.#tick(key);
      const stored = isDelete ? { key, version: this.#version, deletedAt: asOf } : entry;
      batch.writes.push({ stored, asOf });
      batch.states.set(key, (this.#states.get(key)?.length ?? 0) - 1);
    }
  }

  async #put(consumer: number): Promise<void> {
    const batch = this.#consumers[consumer];
    // It may come twice: when the answer to the first one was lost.
    if (batch === undefined) return;
    await Promise.all(this.#caches.map((cache) => cache.put(batch.keys, batch.writes, batch.marker)));
    batch.isPut = true;
    for (const [key, state] of batch.states) this.#lastPut.set(key, Math.max(state, this.#lastPut.get(key) ?? 0));
    for (const key of batch.keys) if (this.#marked.get(key) === batch) this.#marked.delete(key);
  }

  /** As an eviction does. */
  async #lose(key: Key): Promise<void> {
    for (const cache of this.#caches) {
      await cache.invalidate([key], 'lost');
      await cache.put([key], [], 'lost');
    }
    this.#marked.delete(key);
  }

  #pick(indexes: readonly number[]): Key[] {
    return indexes.map((at) => this.#keys[at] ?? assert.fail());
  }

  /** A time of its own, at which the key is in its present state. */
  #tick(key: Key): number {
    this.#seconds += 1;
    const asOf = this.#start + this.#seconds * secondMs;
    this.#stateAt.set(asOf, (this.#states.get(key)?.length ?? 0) - 1);
    return asOf;
  }
}

let redis: TestRedis;

before(async () => {
  redis = await startRedis();
});
after(() => redis.close());

test('no history makes a cache give an answer against its rule, and both caches answer the same', async (context) => {
  // Nothing may run out while a history is written.
  const terms = { freshMs: 3_600_000, absentTtlMs: 3_600_000, leaseTermMs: 60_000, markerTermMs: 60_000 };
  const given: OpenCache = await openCache(context, redis, terms);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }), async (steps) => {
      runs += 1;
      const inProcess = new InProcessEntryCache({ clock: systemClock, maxBytes: 16 * 1024 * 1024, ...terms });
      const history = new History([given.cache, inProcess], [parseKey(`${runs}/a`), parseKey(`${runs}/b`)]);
      for (const each of steps) await history.take(each);
    }),
    { numRuns: 150 },
  );
});
