import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PartitionLease } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import type { ManagedProcess } from '@stratakv/native/testing';
import type { RedlockPartitionLock } from '../src/index.ts';
import { LockServers } from './lock-servers.ts';

let servers: LockServers;
before(async () => {
  servers = await LockServers.start();
});
afterEach(() => servers.reset());
after(() => servers.close());

/** As in a consumer. */
const prompt = { answerWithinMs: 50 };
const unavailable = { name: 'StrataError', code: 'unavailable' };

function held(lease: PartitionLease | undefined): PartitionLease {
  assert.ok(lease, 'the lease was not given');
  return lease;
}

/** Fails when it takes longer. */
async function within<Result>(ms: number, what: string, something: Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const [settled] = await Promise.allSettled([something]);
  const took = performance.now() - startedAt;
  assert.ok(took < ms, `${what} took ${Math.round(took)} ms, more than ${ms}`);
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** What an attempt gives within `ms`. One may fail on a machine with too much to do; five in a row are a failure. */
async function promptly<Result>(
  ms: number,
  what: string,
  attempt: (number: number) => Promise<Result | undefined>,
): Promise<Result> {
  let cause: unknown = new Error(`${what} gave nothing`);
  for (let number = 0; number < 5; number += 1) {
    try {
      const result = await within(ms, what, attempt(number));
      if (result !== undefined) return result;
    } catch (error) {
      cause = error;
    }
  }
  throw cause;
}

async function allReject(lock: RedlockPartitionLock): Promise<void> {
  await assert.rejects(within(500, 'announce', lock.announce('one')), unavailable);
  await assert.rejects(within(500, 'acquire', lock.acquire(9)), unavailable);
  await promptly(100, 'check', () => assert.rejects(lock.check(), unavailable).then(() => true));
}

function answers(lock: RedlockPartitionLock): Promise<boolean> {
  return lock.check().then(
    () => true,
    () => false,
  );
}

interface Failure {
  readonly name: string;
  befall(node: ManagedProcess): Promise<void>;
}

const killed: Failure = { name: 'killed', befall: (node) => node.kill() };
const frozen: Failure = { name: 'frozen', befall: async (node) => node.freeze() };
const empty: Failure = {
  name: 'restarted empty',
  befall: async (node) => {
    await node.kill();
    await node.start();
  },
};

for (const failure of [killed, frozen, empty]) {
  test(`one node ${failure.name}: everything goes on`, async () => {
    const [one, two] = [await servers.connect(prompt), await servers.connect(prompt)];
    await one.announce('one');
    await two.announce('two');
    const before = held(await one.acquire(1));
    await failure.befall(servers.processes[1]);

    const during = await promptly(150, 'acquire', (number) => one.acquire(20 + number));
    assert.equal(await promptly(150, 'a renewal', () => before.renew()), true);
    for (const partition of [1, during.partition]) {
      const isRefused = async () => (await two.acquire(partition)) === undefined;
      assert.equal(await promptly(150, 'a refused acquire', isRefused), true);
    }
    assert.equal(await promptly(150, 'announce', () => one.announce('one')), 2);
    await promptly(100, 'check', () => one.check().then(() => true));
    await within(500, 'release', during.release());
    await promptly(150, 'acquire', () => two.acquire(during.partition));
  });
}

test('a frozen node costs some short waits, not one for every request', async () => {
  const lock = await servers.connect(prompt);
  servers.processes[0].freeze();
  await promptly(150, 'acquire', (number) => lock.acquire(number));
  await delay(250);
  const twenty = Array.from({ length: 20 }, (_, index) => index);
  await promptly(40, 'twenty acquires', (number) =>
    Promise.all(twenty.map((i) => lock.acquire(20 * (number + 1) + i))),
  );
  assert.deepEqual(
    lock.nodes.map(({ isAnswering }) => isAnswering),
    [false, true, true],
  );
  servers.processes[0].thaw();
  await eventually('it answers again', () => lock.nodes.every(({ isAnswering }) => isAnswering), 3_000);
});

test('what was released while a node was frozen is free there when it wakes up', async () => {
  const [one, two] = [await servers.connect(prompt), await servers.connect(prompt)];
  const lease = held(await one.acquire(1));
  servers.processes[2].freeze();
  held(await one.acquire(2));
  await lease.release();
  assert.equal(await two.acquire(2), undefined);
  servers.processes[2].thaw();
  await eventually('it is free everywhere', async () => (await servers.owners(1)).every((owner) => owner === null));
  await eventually('one has it everywhere', async () => new Set(await servers.owners(2)).size === 1);
});

for (const failure of [killed, frozen]) {
  test(`two nodes ${failure.name}: unavailable at once, back within 3 s, and the lease still stands`, async () => {
    const [one, two] = [await servers.connect({ ...prompt, termMs: 8_000 }), await servers.connect(prompt)];
    const lease = held(await one.acquire(1));
    const [first, second] = servers.processes;
    await Promise.all([failure.befall(first), failure.befall(second)]);

    await allReject(one);
    await allReject(two);
    await assert.rejects(within(500, 'a renewal', lease.renew()), unavailable);
    assert.ok(lease.remainingMs() > 0, 'it holds until it runs out');
    assert.notEqual(
      await servers.ask(2, (client) => client.get(`${servers.prefix}:lock:1`)),
      null,
      'it keeps its vote',
    );

    for (const node of [first, second]) await (node.isRunning ? node.thaw() : node.start());
    await eventually('there is a majority', () => answers(one), 3_000);
    assert.equal(await one.announce('one'), 1);
    // A killed one has forgotten it. Whoever is first takes it there: here its owner.
    assert.equal(await eventually('it is renewed', () => lease.renew().catch(() => undefined), 3_000), true);
    await eventually('the other has a majority', () => answers(two), 3_000);
    assert.equal(await two.acquire(1), undefined);
    held(await two.acquire(2));
  });
}

test('two nodes frozen for so long that their connections are given up: back within 3 s', async () => {
  const lock = await servers.connect(prompt);
  const [first, second] = servers.processes;
  for (const node of [first, second]) node.freeze();
  const until = performance.now() + 3_500;
  while (performance.now() < until) {
    await assert.rejects(within(150, 'check', lock.check()), unavailable);
    await delay(250);
  }
  for (const node of [first, second]) node.thaw();
  await eventually('there is a majority', () => answers(lock), 3_000);
  held(await lock.acquire(1));
});

test('all nodes away from the start: unavailable, and used when they are there', async () => {
  await Promise.all(servers.processes.map((process) => process.kill()));
  const lock = await within(1_500, 'connecting', servers.connect());
  await allReject(lock);
  await Promise.all(servers.processes.map((process) => process.start()));
  await eventually('there is a majority', () => answers(lock), 3_000);
  held(await lock.acquire(1));
});

test('nodes restarted empty one after the other lose no lease, and count everybody', async () => {
  const [one, two, three] = [await servers.connect(), await servers.connect(), await servers.connect()];
  const lease = held(await one.acquire(1));
  for (const lock of [one, two, three]) await lock.announce(String([one, two, three].indexOf(lock)));
  for (const process of servers.processes) {
    await empty.befall(process);
    await eventually('all have reconnected', () =>
      [one, two, three].every(({ nodes }) => nodes.every(({ isAnswering }) => isAnswering)),
    );
    assert.equal(await one.announce('0'), 3);
    assert.equal(await lease.renew(), true);
    assert.equal(await two.acquire(1), undefined);
    assert.equal(await two.announce('1'), 3);
    assert.equal(await three.announce('2'), 3);
  }
});

test('with one node dead and another empty, all that are alive are counted', async () => {
  const [one, two] = [await servers.connect(), await servers.connect()];
  await one.announce('one');
  await two.announce('two');
  await servers.processes[0].kill();
  await empty.befall(servers.processes[1]);
  await eventually('it has reconnected', () => two.nodes.filter(({ isAnswering }) => isAnswering).length === 2);
  assert.equal(await two.announce('two'), 2);
});

test('a vote of one to one gives it to nobody, at once', async () => {
  const lock = await servers.connect();
  await servers.processes[2].kill();
  await servers.ask(1, (client) => client.set(`${servers.prefix}:lock:1`, 'another'));
  assert.equal(await within(150, 'acquire', lock.acquire(1)), undefined);
  const [mine] = await Promise.all(
    [0].map((node) => servers.ask(node, (client) => client.get(`${servers.prefix}:lock:1`))),
  );
  assert.equal(mine, null, 'no vote is kept');
});

describe('a consumer that leaves', () => {
  for (const failure of [killed, frozen]) {
    test(`with one node ${failure.name}`, async () => {
      const [leaving, staying] = [await servers.connect(prompt), await servers.connect(prompt)];
      await leaving.announce('leaving');
      for (const partition of [1, 2, 3]) held(await leaving.acquire(partition));
      await failure.befall(servers.processes[0]);
      const late = assert.rejects(leaving.acquire(4), unavailable);
      await within(1_000, 'close', leaving.close());
      await late;
      for (const partition of [1, 2, 3, 4]) await promptly(150, 'acquire', () => staying.acquire(partition));
      assert.equal(await staying.announce('staying'), 1);
      for (const call of [leaving.acquire(5), leaving.announce('leaving'), leaving.check()]) {
        await assert.rejects(call, unavailable);
      }
    });
  }

  test('with no node left', async () => {
    const lock = await servers.connect(prompt);
    held(await lock.acquire(1));
    await lock.announce('one');
    for (const process of servers.processes) process.freeze();
    await delay(10);
    await within(1_000, 'close', lock.close());
  });
});
