import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '@stratakv/core/testing';
import { connectRedlock } from '../src/index.ts';
import { LockServers } from './lock-servers.ts';

let servers: LockServers;
before(async () => {
  servers = await LockServers.start();
});
afterEach(() => servers.reset());
after(() => servers.close());

test('an even count of nodes, the same node twice, and what is no URL are refused without naming a password', async () => {
  const connect = (...urls: string[]) => connectRedlock({ urls });
  await assert.rejects(connect(), RangeError);
  await assert.rejects(connect('redis://a', 'redis://b'), /odd count of lock nodes, not 2/);
  await assert.rejects(connect('redis://a', 'redis://b', 'redis://:secret@a:6379/1'), /a:6379 is named twice/);
  const refused = await connect('redis://:secret@').catch((error: unknown) => error);
  assert.ok(refused instanceof TypeError && !JSON.stringify(refused).includes('secret'));
  assert.ok(!refused.message.includes('secret'));
});

test('a lease counts from before it was asked for, less what clocks may drift', async () => {
  const lock = await servers.connect({ termMs: 2_000 });
  const askedAt = performance.now();
  const lease = await lock.acquire(1);
  assert.ok(lease);
  const end = performance.now() + lease.remainingMs();
  assert.ok(end <= askedAt + 2_000 - 22 + 1, `it ends ${end - askedAt} ms after it was asked for`);
});

test('an owner that was kept from renewing has lost it, whatever the clock on the wall says', async (t) => {
  const [owner, other] = [await servers.connect({ termMs: 300 }), await servers.connect({ termMs: 300 })];
  const lease = await owner.acquire(1);
  assert.ok(lease);
  const taken = await eventually('another has it', () => other.acquire(1));
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
  assert.equal(await lease.renew(), false);
  assert.equal(await taken.renew(), true);
});

test('a step of the clock on the wall loses no lease', async (t) => {
  const lock = await servers.connect();
  const lease = await lock.acquire(1);
  assert.ok(lease);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  assert.equal(await lease.renew(), true);
});

test('a lease that a majority has given to another is lost, and stands in the way nowhere', async () => {
  const lock = await servers.connect();
  const lease = await lock.acquire(1);
  assert.ok(lease);
  for (const node of [0, 1]) await servers.ask(node, (client) => client.set(`${servers.prefix}:lock:1`, 'another'));
  assert.equal(await lease.renew(), false);
  assert.equal(lease.remainingMs(), 0);
  assert.deepEqual(await servers.owners(1), ['another', 'another', null]);
});

test('a lease released in the middle of a renewal is free', async () => {
  const lock = await servers.connect();
  const lease = await lock.acquire(1);
  assert.ok(lease);
  // The nodes know the script that releases and not the one that renews, so that a renewal takes two steps.
  for (const node of [0, 1, 2]) await servers.ask(node, (client) => client.script('FLUSH'));
  await (await lock.acquire(2))?.release();
  const renewal = lease.renew();
  await lease.release();
  assert.equal(await renewal, false);
  assert.deepEqual(await servers.owners(1), [null, null, null]);
});

test('a consumer that could not run while the answers came does not blame the nodes', async () => {
  const lock = await servers.connect({ answerWithinMs: 50 });
  const acquiring = lock.acquire(1);
  await Promise.resolve();
  // As a process does that gets no CPU, or collects garbage: every timer is due when it goes on.
  const until = performance.now() + 600;
  while (performance.now() < until);
  assert.ok(await acquiring);
  assert.ok(lock.nodes.every(({ isAnswering }) => isAnswering));
});
