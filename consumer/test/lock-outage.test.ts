import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@stratakv/core/testing';
import type { ManagedProcess } from '@stratakv/native/testing';
import { Cluster, shared } from './cluster.ts';
import type { ConsumerProcess } from './consumer-process.ts';

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start();
});
afterEach(() => cluster.reset());
after(() => cluster.close());

interface Outage {
  readonly name: string;
  /** How long all three are away, milliseconds. */
  readonly forMs: number;
  befall(lock: ManagedProcess): Promise<void>;
}

/** Longer than a lease holds. */
const killed: Outage = { name: 'killed', forMs: 7_500, befall: (lock) => lock.kill() };
/** So short that leases still stand. */
const frozen: Outage = { name: 'frozen', forMs: 500, befall: async (lock) => lock.freeze() };

async function allAre(members: readonly ConsumerProcess[], status: string): Promise<void> {
  for (const member of members) {
    await eventually(
      `${member.name} is ${status}`,
      async () => {
        const readiness = await member.readiness();
        return readiness.status === status && readiness.checks.lock?.status === (status === 'ready' ? 'ok' : 'failed');
      },
      5_000,
    );
  }
}

async function servedBy(member: ConsumerProcess, partitions: number): Promise<void> {
  const served = () => member.metric('kv_partitions_served');
  await eventually(`${member.name} serves ${partitions}`, async () => (await served()) === partitions, 5_000);
}

for (const { name, forMs, befall } of [killed, frozen]) {
  test(`one, two, three lock nodes ${name}: writes go on, and leases come back with the nodes`, async (t) => {
    const [first, second] = await Promise.all([cluster.add('first'), cluster.add('second')]);
    await shared([first, second], [8, 8], 5_000);
    const writes = cluster.write();
    await writes.caughtUp(5_000);
    const [one, two, three] = cluster.locks;
    assert.ok(one && two && three);

    await befall(one);
    await delay(1_500);
    await writes.caughtUp(2_000);
    await allAre([first, second], 'ready');
    await shared([first, second], [8, 8], 100);

    await befall(two);
    await allAre([first, second], 'degraded');
    await writes.caughtUp(2_000);
    for (const member of [first, second]) await servedBy(member, 16);
    await befall(three);
    await delay(forMs);
    await writes.caughtUp(2_000);

    // Without locks the broker alone decides who is next, and does so at once.
    const third = await cluster.add('third');
    await servedBy(third, 16);
    await second.process.kill();
    await writes.caughtUp(2_000);

    await cluster.bringLocksBack();
    const back = await shared([first, third], [8, 8], 10_000);
    await allAre([first, third], 'ready');
    await writes.caughtUp(2_000);
    const { writes: count, slowestMs } = await writes.stop();
    t.diagnostic(JSON.stringify({ back, count, slowestMs }));
    assert.ok(slowestMs < 2_000, `a write waited ${slowestMs} ms`);
  });
}
