import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { parseKey, StrataError } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});

const key = parseKey('cities/lisbon');
const fail = { kind: 'fail', error: new StrataError('unavailable', 'for the test') } as const;

test('a miss reads the database and fills; then it hits, with its age and what is left', async () => {
  fixture.commit(key, 'a');
  const miss = await fixture.found(key);
  assert.deepEqual(miss.cacheStatus, { forwarded: 'miss', ttlMs: undefined, isStored: true, isCollapsed: false });
  await fixture.clock.advance(7_000);
  const hit = await fixture.found(key);
  assert.deepEqual(hit.cacheStatus, { forwarded: undefined, ttlMs: 53_000, isStored: false, isCollapsed: false });
  assert.equal(hit.ageMs, 7_000);
  assert.equal(fixture.reader.faults.calls('batchGet'), 1);
});

test('the age counts from the start of the database read', async () => {
  fixture.commit(key, 'a');
  fixture.reader.faults.plan('batchGet', { kind: 'delay', ms: 3_000, clock: fixture.clock }, 1);
  const reading = fixture.found(key);
  await eventually('the database was asked', () => fixture.reader.faults.calls('batchGet') === 1);
  await fixture.clock.advance(3_000);
  assert.equal((await reading).ageMs, 3_000);
  assert.equal((await fixture.found(key)).ageMs, 3_000);
});

test('beyond its freshness it is read again, as stale', async () => {
  fixture.commit(key, 'a');
  await fixture.found(key);
  await fixture.clock.advance(60_001);
  assert.deepEqual(await fixture.look(key), ['a', 'stale']);
});

test('absence is cached, briefly', async () => {
  assert.deepEqual(await fixture.look(key), [undefined, 'miss']);
  const hit = await fixture.found(key);
  assert.deepEqual([hit.entry, hit.cacheStatus.forwarded, hit.cacheStatus.ttlMs], [undefined, undefined, 2_000]);
  await fixture.clock.advance(2_001);
  assert.deepEqual(await fixture.look(key), [undefined, 'miss']);
});

test('no-cache asks the database and nothing else', async () => {
  await fixture.write(key, 'a');
  fixture.commit(key, 'b');
  assert.deepEqual(await fixture.look(key), ['a', undefined]);
  assert.deepEqual(await fixture.look(key, { noCache: true }), ['b', 'request']);
  assert.equal(fixture.cache.faults.calls('lookup'), 1);
});

test('max-age takes only what is young enough, and never what is no longer fresh', async () => {
  await fixture.write(key, 'a');
  await fixture.clock.advance(10_000);
  assert.deepEqual(await fixture.look(key, { maxAgeSeconds: 10 }), ['a', undefined]);
  assert.deepEqual(await fixture.look(key, { maxAgeSeconds: 9 }), ['a', 'request']);
  await fixture.clock.advance(60_001);
  assert.deepEqual(await fixture.look(key, { maxAgeSeconds: 3_600 }), ['a', 'stale']);
});

test('only-if-cached never asks the database', async () => {
  fixture.commit(key, 'a');
  assert.deepEqual(await fixture.look(key, { onlyIfCached: true }), ['not-cached', undefined]);
  assert.deepEqual(await fixture.look(key, { onlyIfCached: true, noCache: true }), ['not-cached', undefined]);
  assert.equal(fixture.reader.faults.calls('batchGet'), 0);
  await fixture.found(key);
  assert.deepEqual(await fixture.look(key, { onlyIfCached: true }), ['a', undefined]);
});

test('an expired entry is absent, also from the cache', async () => {
  const expiresAt = fixture.clock.now() + 5_000;
  fixture.commit(key, 'a', { expiresAt });
  await fixture.found(key);
  assert.equal((await fixture.found(key)).cacheStatus.ttlMs, 5_000);
  await fixture.clock.advance(5_000);
  assert.equal((await fixture.found(key)).entry, undefined);
  fixture.reader.faults.plan('batchGet', fail);
  assert.deepEqual((await fixture.look(key, { noCache: true, staleIfErrorSeconds: 3_600 }))[0], undefined);
});

test('an entry that a cache holds beyond its expiry is absent all the same', async () => {
  const entry = fixture.commit(key, 'a', { expiresAt: fixture.clock.now() });
  const cached = { entry, asOf: fixture.clock.now() - 1_000 };
  fixture.memory.lookup = async () => [{ kind: 'hit', cached }];
  assert.equal((await fixture.found(key)).entry, undefined);
});

test('with the database down what is fresh still answers, the rest is unavailable', async () => {
  await fixture.write(key, 'a');
  fixture.reader.faults.plan('batchGet', fail);
  assert.deepEqual(await fixture.look(key), ['a', undefined]);
  assert.deepEqual(await fixture.look(key, { noCache: true }), ['unavailable', undefined]);
  await fixture.clock.advance(60_001);
  assert.deepEqual(await fixture.look(key), ['unavailable', undefined]);
});

test('with the database down, a cache that failed for a moment is asked again', async () => {
  await fixture.write(key, 'a');
  fixture.reader.faults.plan('batchGet', { kind: 'hang' });
  fixture.cache.faults.plan('lookup', fail, 1);
  const late = fixture.look(key);
  await eventually('the database was asked', () => fixture.reader.faults.calls('batchGet') === 1);
  await fixture.clock.advance(5_100);
  assert.deepEqual(await late, ['a', undefined]);
  fixture.reader.faults.plan('batchGet', fail);
  // What goes past the cache by its own wish is not answered from it.
  assert.deepEqual(await fixture.look(key, { noCache: true }), ['unavailable', undefined]);
});

test('stale-if-error takes what is older, as far as it says and only when the database is down', async () => {
  await fixture.write(key, 'a');
  fixture.commit(key, 'b');
  await fixture.clock.advance(90_000);
  fixture.reader.faults.plan('batchGet', fail);
  assert.deepEqual(await fixture.look(key, { staleIfErrorSeconds: 29 }), ['unavailable', undefined]);
  const stale = await fixture.found(key, { staleIfErrorSeconds: 30 });
  assert.deepEqual([stale.ageMs, stale.cacheStatus.ttlMs], [90_000, -30_000]);
  assert.deepEqual(await fixture.look(key, { staleIfErrorSeconds: 30, noCache: true }), ['a', undefined]);
  fixture.reader.faults.clear();
  assert.deepEqual(await fixture.look(key, { staleIfErrorSeconds: 30 }), ['b', 'stale']);
});

test('with the cache down reads go round it, up to a limit, and come back to it', async () => {
  fixture = new Fixture({ maxBypassReads: 2 });
  await fixture.write(key, 'a');
  fixture.cache.faults.plan('lookup', fail);
  assert.deepEqual(await fixture.look(key), ['a', 'bypass']);
  assert.deepEqual(await fixture.look(key, { onlyIfCached: true }), ['not-cached', undefined]);
  const before = fixture.cache.faults.calls('lookup');
  const keys = ['1', '2', '3'].map(parseKey);
  const answers = await Promise.all(await fixture.readEach(keys));
  assert.deepEqual(
    answers.map((answer) => (answer.kind === 'problem' ? answer.code : answer.cacheStatus.forwarded)),
    ['bypass', 'bypass', 'overloaded'],
  );
  assert.equal(fixture.cache.faults.calls('lookup'), before, 'a cache that is down is left alone for a moment');
  fixture.cache.faults.clear();
  await fixture.clock.advance(250);
  assert.deepEqual(await fixture.look(key), ['a', undefined]);
});
