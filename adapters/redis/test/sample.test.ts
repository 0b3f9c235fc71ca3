import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { openCache } from './open-cache.ts';

const { redis, admin } = await useRedis();

test('samples tell key, version and asOf, leave out what is no answer, and come by everything', async (context) => {
  const given = await openCache(context, redis, { absentTtlMs: 60_000 });
  const other = await openCache(context, redis);
  const asOf = Date.now();
  const entries = Array.from({ length: 300 }, (_, index) =>
    entryOf(`é/${index}`, 5_000_000 + index, { value: new Uint8Array(index === 7 ? 50_000 : 10) }),
  );
  const old = entryOf('old', 5_000_000);
  const absent = entryOf('absent', 1).key;
  for (const each of entries) await given.fill(each.key, await given.lease(each.key), each, asOf);
  await given.fill(absent, await given.lease(absent), undefined, asOf);
  await given.fill(old.key, await given.lease(old.key), old, asOf - 100_000);
  await other.fill(old.key, await other.lease(old.key), old, asOf);
  await given.lease(entryOf('leased', 1).key);
  await given.cache.invalidate([entryOf('marked', 1).key], 'batch 1');
  await admin.set(given.slot('damaged'), 'E damaged');
  await admin.set(given.slot('not//a key'), 'E damaged');

  const seen = new Map<string, number | undefined>();
  for (let round = 0; round < 100 && seen.size < 301; round += 1) {
    const sampled = await given.cache.sample(50, 60_000);
    assert.ok(sampled.length <= 150, `${sampled.length} sampled`);
    for (const each of sampled) {
      assert.equal(each.asOf, asOf);
      seen.set(each.key, each.version);
    }
  }
  const expected = new Map<string, number | undefined>(entries.map(({ key, version }) => [key, version]));
  expected.set(absent, undefined);
  assert.deepEqual([...seen].sort(), [...expected].sort());
});

test('an empty cache gives an empty sample', async (context) => {
  const given = await openCache(context, redis);
  assert.deepEqual(await given.cache.sample(10, 60_000), []);
});
