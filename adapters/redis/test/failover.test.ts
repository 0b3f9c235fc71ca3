import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { entryOf, eventually } from '@stratakv/core/testing';
import { type ManagedProcess, startSentinelSet, type TestSentinelSet } from '@stratakv/native/testing';
import { Redis } from 'ioredis';
import { type OpenCache, openCache } from './open-cache.ts';

const entry = entryOf('a', 5_000_000);
const { key } = entry;
const commandTimeoutMs = 250;
/** Sentinel does not try a master again before twice its failover-timeout. */
const betweenFailoversMs = 6500;

let set: TestSentinelSet;
let given: OpenCache;
let firstFailoverAt = 0;
const closers: (() => Promise<void>)[] = [];

const server = () => ({
  sentinels: set.sentinels.split(',').map((each) => {
    const [host = '', port] = each.split(':');
    return { host, port: Number(port) };
  }),
  masterName: set.master,
  password: set.password,
});

before(async () => {
  set = await startSentinelSet();
  given = await openCache({ after: (close) => void closers.push(close) }, server(), { commandTimeoutMs });
});
after(async () => {
  for (const close of closers) await close();
  for (const each of [...set.redisProcesses, ...set.sentinelProcesses]) each.thaw();
  await set.close();
});

/** Speaks with one server of the set. */
async function withServer<Answer>(index: number, ask: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = new Redis({ port: set.redisPorts[index] ?? 0, password: set.password });
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** Which of the servers Sentinel has for the master: for some seconds one that was thawed is a second one. */
async function masterIndex(): Promise<number> {
  const { sentinels, masterName, password } = server();
  const redis = new Redis({ ...sentinels[0], password });
  try {
    const address = await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName);
    return set.redisPorts.indexOf(Number((address as string[])[1]));
  } finally {
    redis.disconnect();
  }
}

function processOf(index: number): ManagedProcess {
  const found = set.redisProcesses[index];
  assert.ok(found);
  return found;
}

/** Calls until one is answered; how long that took, and the call that took longest to fail. Milliseconds. */
async function untilAnswered(): Promise<{ readonly backMs: number; readonly slowestMs: number }> {
  const startedAt = performance.now();
  let slowestMs = 0;
  await eventually('the cache answers again', async () => {
    const calledAt = performance.now();
    try {
      await given.ask(key, 60_000, false);
      return true;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'unavailable');
      slowestMs = Math.max(slowestMs, performance.now() - calledAt);
      return false;
    }
  });
  return { backMs: performance.now() - startedAt, slowestMs };
}

test('a frozen machine, with the master and a Sentinel: calls fail in time, and the next master is used within 5 s', async (context) => {
  const idle = await openCache(context, server());
  assert.equal(await given.fill(key, await given.lease(key), entry), true);
  const old = await masterIndex();
  await withServer(old, (redis) => redis.wait(2, 1000));
  processOf(old).freeze();
  set.sentinelProcesses[0]?.freeze();
  firstFailoverAt = performance.now();
  const { backMs, slowestMs } = await untilAnswered();
  context.diagnostic(`back after ${Math.round(backMs)} ms, slowest failure ${Math.round(slowestMs)} ms`);
  assert.ok(backMs < 5000);
  assert.ok(slowestMs < commandTimeoutMs + 500);
  assert.equal((await given.held(key))?.entry?.version, entry.version);
  assert.equal(given.countOf('failover'), 1);

  // Without a single call too.
  await eventually('the idle client knows', () => idle.countOf('connected') === 2);
  assert.ok(performance.now() - firstFailoverAt < 6000);

  // The old one takes itself for the master for some more seconds, but nobody is drawn back to it.
  processOf(old).thaw();
  set.sentinelProcesses[0]?.thaw();
  await given.cache.invalidate([key], 'batch 1');
  await given.put(entryOf('a', 6_000_000), 'batch 1');
  assert.equal((await given.held(key))?.entry?.version, 6_000_000);
  // The Sentinel that was frozen has to learn who is master: killed before that, it would start with the old one.
  await eventually('the Sentinel knows', async () => (await masterIndex()) !== old, 30_000);
});

test('without any Sentinel the master goes on being used', async (context) => {
  for (const each of set.sentinelProcesses) await each.kill();
  // From here on nobody makes another one the master. What a busy machine made of the test before is over.
  await eventually('the cache takes a write', async () => {
    try {
      await given.cache.invalidate([key], 'batch without Sentinel');
      await given.put(entryOf('a', 6_500_000), 'batch without Sentinel');
      return (await given.held(key))?.entry?.version === 6_500_000;
    } catch {
      return false;
    }
  });
  const started = performance.now();
  while (performance.now() - started < 1500) {
    assert.equal((await given.held(key))?.entry?.version, 6_500_000);
    await delay(50);
  }
  // Who comes now cannot find it, is told so at once, and finds it as soon as there is one Sentinel.
  const late = await openCache(context, server(), { commandTimeoutMs, prefix: given.prefix });
  const calledAt = performance.now();
  await assert.rejects(late.cache.check(), { code: 'unavailable' });
  assert.ok(performance.now() - calledAt < commandTimeoutMs);
  await Promise.all(set.sentinelProcesses.map((each) => each.start()));
  await eventually('the master is found', () =>
    late.cache.check().then(
      () => true,
      () => false,
    ),
  );
  assert.equal((await late.held(key))?.entry?.version, 6_500_000);
});

test('a killed master that took the last writes with it: back within 5 s, and nothing seems fresher than it is', async (context) => {
  // The Sentinels were started again: until they agree, the one they name may be another.
  const { old } = await eventually(
    'there is a master with a replica',
    async () => {
      const index = await masterIndex();
      const replication = await withServer(index, (redis) => redis.info('replication'));
      return replication.includes('role:master') && replication.includes('state=online') && { old: index };
    },
    60_000,
  );
  const replicas = [...set.redisPorts.keys()].filter((index) => index !== old);
  await delay(Math.max(1, firstFailoverAt + betweenFailoversMs - performance.now()));
  const asOf = Date.now();
  await given.cache.invalidate([key], 'batch 2');
  await given.put(entryOf('a', 7_000_000), 'batch 2', asOf);
  assert.ok((await withServer(old, (redis) => redis.wait(1, 1000))) > 0);

  // From here on, nothing reaches the replicas.
  for (const index of replicas) processOf(index).freeze();
  await withServer(old, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'));
  await given.cache.invalidate([key], 'batch 3');
  await given.put(entryOf('a', 8_000_000), 'batch 3');
  assert.equal((await given.held(key))?.entry?.version, 8_000_000);
  await processOf(old).kill();
  for (const index of replicas) processOf(index).thaw();

  const { backMs, slowestMs } = await untilAnswered();
  context.diagnostic(`back after ${Math.round(backMs)} ms, slowest failure ${Math.round(slowestMs)} ms`);
  assert.ok(backMs < 5000);
  assert.ok(slowestMs < commandTimeoutMs + 500);
  // The entry of before came back, as old as it is: who takes nothing older than the write does not get it.
  const back = await given.held(key);
  assert.deepEqual([back?.entry?.version, back?.asOf], [7_000_000, asOf]);
  assert.equal(await given.held(key, Date.now() - asOf - 1), undefined);
  // The next write removes it, also when the marker was lost.
  await given.put(entryOf('a', 9_000_000), 'batch 4');
  assert.equal(await given.held(key), undefined);
  await processOf(old).start();
});
