import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, type Key, parseKey } from '@stratakv/core';
import { entryOf, ManualClock } from '@stratakv/core/testing';
import { InProcessEntryCache } from '../src/index.ts';

const mebibyte = 1024 * 1024;
const maxAgeMs = 60_000;

function given(maxBytes: number) {
  const clock = new ManualClock();
  const cache = new InProcessEntryCache({ clock, maxBytes });
  const lookup = async (key: Key, wantsLease = false) => {
    const [answer] = await cache.lookup([{ key, maxAgeMs, wantsLease }]);
    assert.ok(answer);
    return answer;
  };
  const fill = async (key: Key, entry: Entry | undefined): Promise<boolean> => {
    const answer = await lookup(key, true);
    if (answer.kind === 'hit' || answer.lease === undefined) return false;
    const [isTaken] = await cache.fill([{ key, entry, asOf: clock.now(), lease: answer.lease }]);
    return isTaken === true;
  };
  const sized = (text: string, size: number) => entryOf(text, 5_000_000, { value: new Uint8Array(size), meta: [] });
  return { cache, clock, lookup, fill, sized };
}

test('a million absent keys take no more than the bound', async () => {
  const { cache, clock } = given(8 * mebibyte);
  const before = process.memoryUsage().heapUsed;
  for (let start = 0; start < 1_000_000; start += 1000) {
    const keys = Array.from({ length: 1000 }, (_, index) => `absent/${start + index}` as Key);
    const answers = await cache.lookup(keys.map((key) => ({ key, maxAgeMs, wantsLease: true })));
    const leases = answers.map((answer) => (answer.kind === 'miss' && answer.lease) || '');
    const asOf = clock.now();
    await cache.fill(keys.map((key, index) => ({ key, entry: undefined, asOf, lease: leases[index] ?? '' })));
  }
  assert.ok(cache.bytes <= 8 * mebibyte);
  assert.ok(cache.size > 10_000 && cache.size < 40_000, `${cache.size} keys`);
  assert.ok(process.memoryUsage().heapUsed - before < 200 * mebibyte);
});

test('leases that are never used and markers that are never taken away are bounded too', async () => {
  const { cache, lookup } = given(mebibyte);
  for (let index = 0; index < 20_000; index += 1) await lookup(`lease/${index}` as Key, true);
  assert.ok(cache.bytes <= mebibyte);
  for (let batch = 0; batch < 20; batch += 1) {
    const keys = Array.from({ length: 1000 }, (_, index) => `marker/${batch}/${index}` as Key);
    await cache.invalidate(keys, `batch ${batch}`);
    assert.ok(cache.bytes <= mebibyte);
  }
});

test('values, keys and meta headers count', async () => {
  const { cache, fill, sized } = given(mebibyte);
  for (let index = 0; index < 300; index += 1) {
    const meta = Array.from({ length: 8 }, (_, at) => [`name-${at}`, 'x'.repeat(200)] as const);
    await fill(parseKey(`large/${index}`), { ...sized(`large/${index}`, 10_000), meta });
  }
  assert.ok(cache.bytes <= mebibyte);
  assert.ok(cache.size < mebibyte / 12_000, `${cache.size} entries`);
  assert.ok(cache.size > mebibyte / 16_000, `${cache.size} entries`);
});

test('what is around a value in its buffer counts too', async () => {
  const { cache, fill, sized } = given(mebibyte);
  const [whole, part] = [sized('k/1', 9000), { ...sized('k/2', 0), value: new Uint8Array(9000).subarray(0, 8500) }];
  await fill(whole.key, whole);
  const { bytes } = cache;
  await fill(part.key, part);
  assert.equal(cache.bytes, 2 * bytes);
});

test('what is hit stays, what is not goes first', async () => {
  const { fill, lookup, sized } = given(4 * mebibyte);
  const hot = Array.from({ length: 50 }, (_, index) => sized(`hot/${index}`, 10_000));
  for (const entry of hot) await fill(entry.key, entry);
  for (let index = 0; index < 2000; index += 1) {
    const cold = sized(`cold/${index}`, 10_000);
    await fill(cold.key, cold);
    for (const entry of hot) assert.equal((await lookup(entry.key)).kind, 'hit');
  }
});

test('a new entry is in the cache when everything else in it is hit all the time', async () => {
  const { fill, lookup, sized } = given(mebibyte);
  const entries = Array.from({ length: 1000 }, (_, index) => sized(`k/${index}`, 10_000));
  for (const [index, entry] of entries.entries()) {
    // A full cache takes a key from its second time on.
    const isTaken = (await fill(entry.key, entry)) || (await fill(entry.key, entry));
    assert.equal(isTaken, true);
    for (const earlier of entries.slice(Math.max(0, index - 120), index + 1)) await lookup(earlier.key);
    assert.equal((await lookup(entry.key)).kind, 'hit');
  }
});

test('replacing, deleting and expiring keep the count right', async () => {
  const { cache, clock, fill, sized } = given(64 * mebibyte);
  const keys = Array.from({ length: 100 }, (_, index) => parseKey(`k/${index}`));
  for (let round = 0; round < 50; round += 1) {
    await cache.invalidate(keys, `batch ${round}`);
    const asOf = clock.now();
    const writes = keys.map((key, index) => ({
      stored: index % 3 === 0 ? { key, version: round + 1, deletedAt: asOf } : sized(key, 1000 + round),
      asOf,
    }));
    await cache.put(keys, writes, `batch ${round}`);
    await clock.advance(2500);
  }
  assert.equal(cache.size, keys.length);
  assert.ok(cache.bytes > 66 * 1000 && cache.bytes < 250_000, `${cache.bytes} bytes`);
  for (const key of keys) await fill(key, undefined);
  await cache.invalidate(keys, 'last');
  await cache.put(keys, [], 'last');
  assert.deepEqual([cache.size, cache.bytes], [0, 0]);
});

test('what is larger than the whole cache is not stored, and drives nothing out', async () => {
  const { fill, lookup, sized } = given(mebibyte);
  const [small, large] = [sized('small', 1000), sized('large', 2 * mebibyte)];
  await fill(small.key, small);
  assert.equal(await fill(large.key, large), false);
  assert.equal((await lookup(large.key)).kind, 'miss');
  assert.equal((await lookup(small.key)).kind, 'hit');
});

test('an entry is shared, unless its value is a part of a larger buffer', async () => {
  const { fill, lookup, sized } = given(mebibyte);
  const whole = sized('whole', 1000);
  await fill(whole.key, whole);
  const first = await lookup(whole.key);
  assert.ok(first.kind === 'hit');
  assert.equal(first.cached.entry, whole);
  assert.equal(await lookup(whole.key), first);

  const message = new Uint8Array(100_000).fill(7);
  const part = { ...sized('part', 0), value: message.subarray(500, 700) };
  await fill(part.key, part);
  const answer = await lookup(part.key);
  assert.ok(answer.kind === 'hit' && answer.cached.entry);
  assert.deepEqual(answer.cached.entry.value, message.slice(500, 700));
  assert.equal(answer.cached.entry.value.buffer.byteLength, 200);
});
