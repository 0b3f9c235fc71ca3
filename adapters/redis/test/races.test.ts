import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import { entryOf } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

/* Readers and consumers in each other's way, step by step, each on a connection of its own. */

const before1 = entryOf('a', 5_000_000);
const after1 = entryOf('a', 6_000_000);
const { key } = before1;
const plainMiss = { kind: 'miss', lease: undefined, stale: undefined };

const { redis, admin } = await useRedis();
let reader: OpenCache;
let other: OpenCache;
let consumer: OpenCache;

beforeEach(async (context) => {
  reader = await openCache(context as TestContext, redis);
  other = await openCache(context as TestContext, redis, { prefix: reader.prefix });
  consumer = await openCache(context as TestContext, redis, { prefix: reader.prefix });
});

test('a slow fill against a write: refused before the put, refused after it', async () => {
  const lease = await reader.lease(key);
  const asOf = Date.now();
  await consumer.cache.invalidate([key], 'batch 1');
  assert.equal(await reader.fill(key, lease, before1, asOf), false);
  await consumer.put(after1, 'batch 1');
  assert.equal(await reader.fill(key, lease, before1, asOf), false);
  assert.equal((await other.held(key))?.entry?.version, after1.version);
});

test('a slow fill against a delete: nothing comes back', async () => {
  const lease = await reader.lease(key);
  await consumer.cache.invalidate([key], 'batch 1');
  await consumer.put({ key, version: 6_000_000, deletedAt: 6000 }, 'batch 1');
  assert.equal(await reader.fill(key, lease, before1, Date.now() + 1000), false);
  const held = await other.held(key);
  assert.ok(held !== undefined && held.entry === undefined);
});

test('an entry that is evicted while it is read again: the reader of before cannot fill', async () => {
  await reader.fill(key, await reader.lease(key), before1, Date.now() - 100);
  const lease = await reader.lease(key, 50);
  await admin.del(reader.slot(key));
  assert.equal(await reader.fill(key, lease, before1), false);
  assert.equal(await reader.fill(key, await reader.lease(key), before1), true);
});

test('a marker that is evicted: the put removes what a reader filled in meanwhile', async () => {
  await consumer.cache.invalidate([key], 'batch 1');
  await admin.del(consumer.slot(key));
  assert.equal(await reader.fill(key, await reader.lease(key), before1), true);
  await consumer.put(after1, 'batch 1');
  assert.deepEqual(await other.ask(key, 60_000, false), plainMiss);
});

test('a marker that is evicted: a reader that has not filled before the put cannot after it', async () => {
  await consumer.cache.invalidate([key], 'batch 1');
  await admin.del(consumer.slot(key));
  const lease = await reader.lease(key);
  await consumer.put(after1, 'batch 1');
  assert.equal(await reader.fill(key, lease, before1), false);
  assert.equal(await reader.fill(key, await reader.lease(key), after1), true);
});

test('a put that lost its marker voids the lease on a newer entry that somebody finds too old', async () => {
  await reader.fill(key, await reader.lease(key), after1, Date.now() - 100);
  const lease = await reader.lease(key, 50);
  await consumer.put(after1, 'batch 1');
  assert.equal((await other.held(key))?.entry?.version, after1.version);
  assert.equal(await reader.fill(key, lease, after1), false);
});

test('two batches on one key: the marker of the later one stands, whatever comes of the earlier', async () => {
  await consumer.cache.invalidate([key], 'batch 1');
  await other.cache.invalidate([key], 'batch 2');
  await consumer.put(after1, 'batch 1');
  assert.deepEqual(await reader.ask(key), plainMiss);
  await other.put(entryOf('a', 7_000_000), 'batch 2');
  await consumer.put(after1, 'batch 1');
  assert.equal((await reader.held(key))?.entry?.version, 7_000_000);
});

test('a marker that begins like another, and one longer than any head, are told apart', async () => {
  const long = 'm'.repeat(300);
  for (const [mine, others] of [
    ['batch', 'batch 1'],
    ['batch 1', 'batch'],
    [long, `${long}m`],
    [`${long}m`, long],
  ] as const) {
    await consumer.cache.invalidate([key], others);
    await consumer.put(after1, mine);
    assert.deepEqual(await reader.ask(key), plainMiss);
  }
  await consumer.put(after1, long);
  assert.equal((await reader.held(key))?.entry?.version, after1.version);
});

test('a fill and a put of the same read race: whoever is second loses nothing', async () => {
  const results = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const entry = entryOf(`race/${index}`, 5_000_000 + index);
      const newer = entryOf(`race/${index}`, 6_000_000 + index);
      const lease = await reader.lease(entry.key);
      await Promise.all([
        reader.fill(entry.key, lease, entry),
        consumer.cache.invalidate([entry.key], 'batch 1').then(() => consumer.put(newer, 'batch 1')),
      ]);
      return (await other.held(entry.key))?.entry?.version === newer.version;
    }),
  );
  assert.ok(results.every(Boolean));
});

test('a lease is never given twice at a time, however many ask', async () => {
  const asks = await Promise.all(
    Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? reader : other).ask(key)),
  );
  assert.equal(asks.filter((answer) => answer.kind === 'miss' && answer.lease !== undefined).length, 1);
});

test('FLUSHALL in the middle: misses, no wrong answers, and the cache fills again', async () => {
  const lease = await reader.lease(key);
  await consumer.cache.invalidate([entryOf('b', 1).key], 'batch 1');
  await admin.flushall();
  assert.equal(await reader.fill(key, lease, before1), false);
  await consumer.put(entryOf('b', 5_000_000), 'batch 1');
  assert.equal(await reader.held(entryOf('b', 1).key), undefined);
  assert.equal(await reader.fill(key, await reader.lease(key), before1), true);
});

test('SCRIPT FLUSH: the scripts are loaded again', async () => {
  await reader.lease(key);
  await admin.script('FLUSH');
  await consumer.cache.invalidate([key], 'batch 1');
  await consumer.put(after1, 'batch 1');
  await admin.script('FLUSH');
  assert.equal((await reader.held(key))?.entry?.version, after1.version);
  assert.equal(await reader.fill(key, await reader.lease(key, -1), after1, Date.now() + 1), true);
});

test('a clock of Redis that was set back: a lease from the future does not count', async () => {
  await reader.fill(key, await reader.lease(key), before1, Date.now() - 100);
  await reader.lease(key, 50);
  const future = Buffer.alloc(8);
  future.writeBigUInt64BE(BigInt(Date.now() + 3_600_000));
  await admin.setrange(reader.slot(key), 1, future);
  assert.equal(await other.fill(key, await other.lease(key, 50), before1), true);
});
