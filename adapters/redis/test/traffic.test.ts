import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseKey } from '@stratakv/core';
import { entryOf } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

/*
 * Readers, consumers and somebody who breaks things, all at once. Whatever is lost: an answer is never older than the
 * last put that had ended when it was asked for.
 */

const leastMs = 2000;
const mostMs = 20_000;
/** No shorter than it takes to see so many, lest a slow machine makes it a test of nothing. */
const least = { hits: 300, writes: 60 };
const keys = Array.from({ length: 12 }, (_, index) => parseKey(`k/${index}`));
/** What the database has, by key; each version is one more than the one before. */
const database = new Map(keys.map((key) => [key, 1]));
/** The version of the last put that ended. */
const floor = new Map(keys.map((key) => [key, 0]));

const versionOf = (key: string) => database.get(parseKey(key)) ?? assert.fail();
const short = () => delay(Math.random() * 4);
const some = <Item>(items: readonly Item[], count: number) =>
  Array.from({ length: count }, () => items[Math.floor(Math.random() * items.length)] ?? assert.fail());

/** Some entries are large, so that their bodies lie apart. */
const entryNow = (key: string) =>
  entryOf(key, versionOf(key), { value: new Uint8Array(versionOf(key) % 4 === 0 ? 30_000 : 100) });

const { redis, admin } = await useRedis();

async function read({ cache }: OpenCache): Promise<number> {
  const asked = some(keys, 5);
  const floors = asked.map((key) => floor.get(key) ?? 0);
  const answers = await cache.lookup(asked.map((key) => ({ key, maxAgeMs: 60_000, wantsLease: true })));
  const missed: { key: (typeof keys)[number]; lease: string }[] = [];
  let hits = 0;
  for (const [at, answer] of answers.entries()) {
    const key = asked[at] ?? assert.fail();
    const found = answer.kind === 'hit' ? answer.cached : answer.stale;
    if (found !== undefined) {
      hits += 1;
      const version = found.entry?.version ?? 0;
      assert.ok(version >= (floors[at] ?? 0), `${key}: ${version} after the put of ${floors[at]}`);
    } else if (answer.kind === 'miss' && answer.lease !== undefined) missed.push({ key, lease: answer.lease });
  }
  await short();
  const asOf = Date.now();
  const fills = missed.map(({ key, lease }) => ({ key, lease, asOf, entry: entryNow(key) }));
  await short();
  await cache.fill(fills);
  return hits;
}

async function write({ cache }: OpenCache, owned: typeof keys, marker: string): Promise<void> {
  const batch = [...new Set(some(owned, 3))];
  const isMarked = await cache.invalidate(batch, marker).then(
    () => true,
    () => false,
  );
  await short();
  for (const key of batch) database.set(key, versionOf(key) + 1);
  const asOf = Date.now();
  const writes = batch.map((key) => ({ stored: entryNow(key), asOf }));
  await short();
  await cache.put(batch, writes, isMarked ? marker : 'never set');
  for (const { stored } of writes) floor.set(stored.key, stored.version);
}

async function wreck(given: OpenCache): Promise<void> {
  await delay(Math.random() * 40);
  const dice = Math.random();
  if (dice < 0.6) await admin.del(some(keys, 2).map((key) => given.slot(key)));
  else if (dice < 0.75) await admin.del(some(keys, 2).map((key) => given.body(key)));
  else if (dice < 0.85) await admin.flushall();
  else if (dice < 0.97) await admin.script('FLUSH');
  else await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

test('an answer is never older than a put that ended before it was asked for', async (context) => {
  const first = await openCache(context, redis);
  const others = await Promise.all([1, 2, 3].map(() => openCache(context, redis, { prefix: first.prefix })));
  const startedAt = performance.now();
  const counts = { hits: 0, writes: 0, failures: 0 };
  const isEnough = () => {
    const ms = performance.now() - startedAt;
    return ms > mostMs || (ms > leastMs && counts.hits >= least.hits && counts.writes >= least.writes);
  };
  /** Over and over. What Redis refuses or loses is no failure of the test. */
  const keepOn = async (turn: () => Promise<void>): Promise<void> => {
    while (!isEnough()) {
      await turn().catch(async (error: { code?: string }) => {
        if (error.code !== 'unavailable') throw error;
        counts.failures += 1;
        await delay(5);
      });
    }
  };
  const [one, two, three] = others as [OpenCache, OpenCache, OpenCache];
  const reader = (given: OpenCache) =>
    keepOn(async () => {
      counts.hits += await read(given);
    });
  const consumer = (given: OpenCache, owned: typeof keys) =>
    keepOn(async () => {
      await write(given, owned, `batch ${counts.writes}`);
      counts.writes += 1;
      await delay(Math.random() * 20);
    });
  await Promise.all([
    ...[first, first, first, one, one].map(reader),
    consumer(two, keys.slice(0, 6)),
    consumer(three, keys.slice(6)),
    keepOn(() => wreck(first)),
  ]);
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.hits >= least.hits && counts.writes >= least.writes, JSON.stringify(counts));
});
