import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import { entryOf } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

const mebibyte = 1024 * 1024;
const maxValueBytes = mebibyte;
const sized = (text: string, version: number, bytes: number) =>
  entryOf(text, version, { value: new Uint8Array(bytes).fill(version % 251) });

const { redis, admin } = await useRedis({ maxMemoryMiB: 512 });
let given: OpenCache;

beforeEach(async (context) => {
  given = await openCache(context as TestContext, redis, { maxValueBytes });
});

test('values around the length from which on they lie apart come back as they are', async () => {
  const lengths = [0, 1, 16_200, 16_300, 16_384, 16_385, 17_000, mebibyte];
  const entries = lengths.map((length, index) => sized(`k${index}`, 5_000_000 + index, length));
  const asOf = Date.now();
  for (const each of entries) assert.equal(await given.fill(each.key, await given.lease(each.key), each, asOf), true);
  const answers = await given.cache.lookup(entries.map(({ key }) => ({ key, maxAgeMs: 60_000, wantsLease: true })));
  for (const [index, answer] of answers.entries()) {
    assert.ok(answer.kind === 'hit');
    const { value, ...rest } = answer.cached.entry ?? assert.fail();
    const { value: expected, ...others } = entries[index] ?? assert.fail();
    assert.equal(Buffer.compare(value, expected), 0);
    assert.deepEqual(rest, others);
    assert.equal(answer.cached.asOf, asOf);
  }
  assert.equal(await admin.exists(given.body('k2')), 0);
  assert.equal(await admin.exists(given.body('k6')), 1);
});

test('a batch of 128 values of 1 MiB comes in replies that are in time', async () => {
  const entries = Array.from({ length: 128 }, (_, index) => sized(`k${index}`, 5_000_000 + index, mebibyte));
  const keys = entries.map(({ key }) => key);
  await given.cache.invalidate(keys, 'batch 1');
  const asOf = Date.now();
  await given.cache.put(
    keys,
    entries.map((stored) => ({ stored, asOf })),
    'batch 1',
  );
  const answers = await given.cache.lookup(keys.map((key) => ({ key, maxAgeMs: 60_000, wantsLease: false })));
  assert.ok(answers.every((answer) => answer.kind === 'hit'));
});

test('a value that is too large is not cached, and what is older goes', async () => {
  const small = sized('a', 5_000_000, 100);
  const { key } = small;
  const tooLarge = sized('a', 6_000_000, maxValueBytes + 1);

  await given.fill(key, await given.lease(key), small, Date.now() - 100);
  assert.equal(await given.fill(key, await given.lease(key, 50), tooLarge), false);
  assert.equal(await admin.exists(given.slot(key)), 0);

  await given.fill(key, await given.lease(key), small);
  await given.put(tooLarge, 'batch 1');
  assert.equal(await admin.exists(given.slot(key)), 0);

  await given.cache.invalidate([key], 'batch 2');
  await given.put(tooLarge, 'batch 2');
  assert.equal(await admin.exists(given.slot(key)), 0);
});

test('a value that is too large leaves what is newer, and uses its lease up', async () => {
  const newer = sized('a', 7_000_000, 100);
  const { key } = newer;
  const tooLarge = sized('a', 6_000_000, maxValueBytes + 1);
  await given.fill(key, await given.lease(key), newer, Date.now() - 100);
  const lease = await given.lease(key, 50);
  assert.equal(await given.fill(key, lease, tooLarge), false);
  assert.equal((await given.held(key))?.entry?.version, newer.version);
  assert.equal(await given.fill(key, lease, newer), false);
  await given.put(tooLarge, 'batch 1');
  assert.equal((await given.held(key))?.entry?.version, newer.version);
});

test('a small value after a large one, and the other way round', async () => {
  const { key } = sized('a', 1, 1);
  for (const [index, bytes] of [100_000, 100, 200_000, 16_000].entries()) {
    const entry = sized('a', 5_000_000 + index, bytes);
    await given.cache.invalidate([key], `batch ${index}`);
    await given.put(entry, `batch ${index}`);
    const held = await given.held(key);
    assert.deepEqual([held?.entry?.version, held?.entry?.value.length], [entry.version, bytes]);
  }
});

test('a batch of 1,000 keys, some of them large, in order and with leases for the rest', async () => {
  const entries = Array.from({ length: 1000 }, (_, index) =>
    sized(`k${index}`, 5_000_000 + index, index % 50 === 0 ? 50_000 : 100),
  );
  const queries = entries.map(({ key }) => ({ key, maxAgeMs: 60_000, wantsLease: true }));
  const asOf = Date.now();
  const leases = (await given.cache.lookup(queries)).map((answer) => (answer.kind === 'miss' && answer.lease) || '');
  assert.equal(new Set(leases).size, 1000);
  const half = entries.flatMap((entry, index) => (index % 2 === 0 ? [{ entry, index }] : []));
  const taken = await given.cache.fill(
    half.map(({ entry, index }) => ({ key: entry.key, entry, asOf, lease: leases[index] ?? '' })),
  );
  assert.ok(taken.every(Boolean));
  const answers = await given.cache.lookup(queries);
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.kind === 'hit' && answer.cached.entry?.version, index % 2 === 0 && 5_000_000 + index);
  }
});
