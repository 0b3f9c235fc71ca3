import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { entryOf, eventually } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

const entry = entryOf('a', 5_000_000);
const { key } = entry;

const { redis, admin } = await useRedis();

const isBack = ({ cache }: OpenCache) =>
  cache.check().then(
    () => true,
    () => false,
  );

test('a restart of Redis: calls fail at once, then the cache is empty and works', async (context) => {
  const given = await openCache(context, redis);
  await given.fill(key, await given.lease(key), entry);
  await given.cache.invalidate([entryOf('b', 1).key], 'batch 1');
  await redis.process.kill();
  await eventually('the loss is noticed', () => given.countOf('disconnected') === 1);
  const calledAt = performance.now();
  await assert.rejects(given.ask(key), { code: 'unavailable' });
  await assert.rejects(given.cache.invalidate([key], 'batch 2'), { code: 'unavailable' });
  await assert.rejects(given.put(entry, 'batch 2'), { code: 'unavailable' });
  await assert.rejects(given.cache.fill([{ key, entry, asOf: 1, lease: '' }]), { code: 'unavailable' });
  await assert.rejects(given.cache.check(), { code: 'unavailable' });
  assert.ok(performance.now() - calledAt < 100);
  await redis.process.start();
  await eventually('it is back', () => isBack(given));
  assert.equal(given.countOf('connected'), 2);
  // The server has no scripts, no entry and no marker.
  assert.equal(await given.fill(key, await given.lease(key), entry), true);
  await given.put(entryOf('b', 5_000_000), 'batch 1');
  assert.equal(await given.held(entryOf('b', 1).key), undefined);
});

test('a frozen Redis: each call fails within its time-out, and works once it thaws', async (context) => {
  const given = await openCache(context, redis, { commandTimeoutMs: 150 });
  await given.fill(key, await given.lease(key), entry);
  redis.process.freeze();
  const calls = [
    () => given.ask(key),
    () => given.cache.check(),
    () => given.cache.invalidate([key], 'batch 1'),
    () => given.put(entry, 'batch 1'),
  ];
  for (const call of calls) {
    const calledAt = performance.now();
    await assert.rejects(call(), { code: 'unavailable' });
    assert.ok(performance.now() - calledAt < 650, `${performance.now() - calledAt} ms`);
  }
  redis.process.thaw();
  await eventually('it is back', () => isBack(given));
});

test('a connection that is cut is made again, and what was on its way fails', async (context) => {
  const given = await openCache(context, redis);
  const calls = Array.from({ length: 20 }, () => given.ask(key, 60_000, false).catch(() => undefined));
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await Promise.all(calls);
  await eventually('it is back', () => isBack(given));
});

test('a Redis that is not there when we start: no error, and found when it comes', async (context) => {
  await redis.process.kill();
  const given = await openCache(context, redis);
  await assert.rejects(given.cache.check(), { code: 'unavailable' });
  assert.ok(given.countOf('failed') > 0);
  await redis.process.start();
  await eventually('it is there', () => isBack(given));
});

test('a wrong password is no reason not to start, and is told, but not which one', async (context) => {
  const wrong = new URL(redis.url);
  wrong.password = 'not-the-password';
  const given = await openCache(context, { url: wrong.href });
  await assert.rejects(given.cache.check(), { code: 'unavailable' });
  const failed = given.events.find((event) => event.kind === 'failed');
  assert.match(failed?.error.message ?? '', /WRONGPASS/);
  assert.doesNotMatch(inspect(given.events, { depth: 10, showHidden: true }), /not-the-password/);
});

test('a replica is refused at start; one that becomes a replica is left until it is a master again', async (context) => {
  const given = await openCache(context, redis);
  // Its master answers nothing: a replica that has never had one.
  await admin.replicaof('127.0.0.1', '1');
  await assert.rejects(openCache(context, redis), /cannot be used.*no master, its role is slave/);
  await eventually('writes are refused', () =>
    given.cache.invalidate([key], 'batch 1').then(
      () => false,
      () => true,
    ),
  );
  await eventually('it is found unfit', () => given.countOf('unfit') === 1);
  await assert.rejects(given.ask(key), /no master/);
  await admin.replicaof('NO', 'ONE');
  await eventually('it is used again', () => isBack(given));
  assert.equal(given.countOf('unfit'), 1);
});

test('an error of a call tells neither keys nor values', async (context) => {
  const given = await openCache(context, redis, { markerTermMs: -1 });
  await assert.rejects(given.cache.invalidate([entryOf('secret-key', 1).key], 'batch 1'), (error: Error) => {
    assert.match(String(error.cause), /invalid expire/);
    assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /secret-key/);
    return true;
  });
});

test('a prefix with characters that mean something to SCAN is refused', async (context) => {
  for (const prefix of ['', 'a*', 'a b', 'a[b]', 'x'.repeat(65)]) {
    await assert.rejects(openCache(context, redis, { prefix }), /prefix is not usable/);
  }
});

test('caches under different prefixes know nothing of each other', async (context) => {
  const [one, two] = [await openCache(context, redis), await openCache(context, redis)];
  await one.fill(key, await one.lease(key), entry);
  assert.equal(await two.held(key), undefined);
  assert.notEqual(await one.held(key), undefined);
});

test('close ends it, at once and for good, in every state', async (context) => {
  const given = await openCache(context, redis);
  const frozen = await openCache(context, redis);
  await given.cache.close();
  await given.cache.close();
  await assert.rejects(given.cache.check(), { code: 'unavailable' });
  redis.process.freeze();
  void frozen.ask(key).catch(() => undefined);
  const closedAt = performance.now();
  await frozen.cache.close();
  assert.ok(performance.now() - closedAt < 1500);
  redis.process.thaw();
});
