import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf, eventually } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

const sized = (index: number, version = 5_000_000) =>
  entryOf(`k${index}`, version, { value: new Uint8Array(10_000).fill(index % 251) });

const { redis, admin } = await useRedis({ maxMemoryMiB: 16 });

/** Fills keys from `start` on, in batches; how many fills were taken. */
async function fillMany({ cache }: OpenCache, start: number, count: number): Promise<number> {
  let taken = 0;
  for (let at = start; at < start + count; at += 100) {
    const entries = Array.from({ length: 100 }, (_, index) => sized(at + index));
    const queries = entries.map(({ key }) => ({ key, maxAgeMs: 60_000, wantsLease: true }));
    const first = await cache.lookup(queries);
    // A full cache takes in what is asked for again.
    const again = await cache.lookup(queries);
    const answers = first.map((answer, index) => (answer.kind === 'miss' && answer.lease ? answer : again[index]));
    const asOf = Date.now();
    const fills = entries.flatMap((entry, index) => {
      const answer = answers[index];
      return answer?.kind === 'miss' && answer.lease ? [{ key: entry.key, entry, asOf, lease: answer.lease }] : [];
    });
    taken += (await cache.fill(fills)).filter(Boolean).length;
  }
  return taken;
}

test('a cache larger than its memory evicts: everything is a hit with the right entry, or a miss', async (context) => {
  const given = await openCache(context, redis);
  await admin.config('RESETSTAT');
  // Leases are evicted too.
  assert.ok((await fillMany(given, 0, 5000)) > 4000);
  assert.ok(Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1]) > 1000);
  let hits = 0;
  for (let index = 0; index < 5000; index += 50) {
    const held = await given.held(sized(index).key);
    if (held === undefined) continue;
    hits += 1;
    assert.deepEqual(Buffer.from(held.entry?.value ?? []), Buffer.from(sized(index).value));
  }
  assert.ok(hits > 5, `${hits} hits`);
  assert.equal(given.countOf('full'), 0);
});

test('a full cache keeps what is read often through a scan of other keys', async (context) => {
  await admin.flushall();
  const given = await openCache(context, redis);
  await fillMany(given, 0, 5000);
  const read = async (index: number): Promise<boolean> => {
    const entry = sized(index);
    const answer = await given.ask(entry.key);
    if (answer.kind === 'hit') return true;
    const { lease } = answer;
    if (lease !== undefined) await given.cache.fill([{ key: entry.key, entry, asOf: Date.now(), lease }]);
    return false;
  };
  // That it is full is noticed within a second.
  let asked = 10_000;
  await eventually('a key that was never asked for gets no lease', async () => {
    const answer = await given.ask(sized(asked++).key);
    return answer.kind === 'miss' && answer.lease === undefined;
  });
  for (let round = 0; round < 3; round += 1) for (let index = 0; index < 100; index += 1) await read(index);
  for (let index = 20_000; index < 25_000; index += 1) assert.equal(await read(index), false);
  let hits = 0;
  for (let index = 0; index < 100; index += 1) if (await read(index)) hits += 1;
  assert.ok(hits >= 90, `${hits} of 100`);
});

test('a full Redis that evicts nothing: hits stay, nothing new comes in, writes still remove', async (context) => {
  await admin.flushall();
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  const given = await openCache(context, redis);
  const [connected] = given.events;
  assert.ok(connected?.kind === 'connected' && /noeviction/.test(connected.warnings[0] ?? ''));

  const taken = await fillMany(given, 0, 3000);
  assert.ok(taken > 300 && taken < 2000, `${taken} taken`);
  assert.ok(given.countOf('full') > 0);
  assert.equal((await given.held(sized(1).key))?.entry?.version, 5_000_000);
  const full = sized(2999).key;
  const answer = await given.ask(full);
  assert.ok(answer.kind === 'miss' && answer.lease === undefined);

  // An invalidation finds no room for its marker, and the put no marker: the entry is gone all the same.
  const { key } = sized(1);
  await given.cache.invalidate([key], 'batch 1');
  assert.equal(await given.held(key), undefined);
  assert.equal((await given.ask(key)).kind, 'miss');
  await given.put(sized(1, 6_000_000), 'batch 1');
  assert.equal(await given.held(key), undefined);
  await given.put(sized(2, 6_000_000), 'batch 1');
  assert.equal(await given.held(sized(2).key), undefined);
  await given.cache.check();
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await admin.flushall();
});

test('markers that were set when there was room: a put into a full cache leaves nothing', async (context) => {
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  const given = await openCache(context, redis);
  const entry = sized(9999);
  await given.cache.invalidate([entry.key], 'batch 1');
  await fillMany(given, 0, 2500);
  await given.put(entry, 'batch 1');
  assert.equal(await admin.exists(given.slot(entry.key)), 0);
  assert.ok(given.countOf('full') > 0);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await admin.flushall();
});

test('everything in Redis has an end', async (context) => {
  const given = await openCache(context, redis, {
    freshMs: 1000,
    staleMaxMs: 9000,
    markerTermMs: 3000,
    leaseTermMs: 2000,
  });
  const large = entryOf('large', 5_000_000, { value: new Uint8Array(100_000) });
  const brief = entryOf('brief', 5_000_000, { expiresAt: Date.now() + 4000 });
  for (const entry of [large, brief]) await given.fill(entry.key, await given.lease(entry.key), entry);
  const absent = entryOf('absent', 1).key;
  await given.fill(absent, await given.lease(absent), undefined);
  await given.lease(entryOf('leased', 1).key);
  await given.cache.invalidate([entryOf('marked', 1).key], 'batch 1');
  await given.ask(large.key, -1);
  const longest = {
    [given.slot('large')]: 10_000,
    [given.body('large')]: 10_000,
    [given.slot('brief')]: 4000,
    [given.slot('absent')]: 2000,
    [given.slot('leased')]: 2000,
    [given.slot('marked')]: 3000,
  };
  for (const [name, ms] of Object.entries(longest)) {
    const left = await admin.pttl(name);
    assert.ok(left > ms - 1000 && left <= ms, `${name}: ${left} ms`);
  }
});
