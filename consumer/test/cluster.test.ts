import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, shared } from './cluster.ts';

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start();
});
afterEach(() => cluster.reset());
after(() => cluster.close());

test('a new consumer gets its share within 5 s, and a clean stop hands it over at once', async (t) => {
  const first = await cluster.add('first');
  await shared([first], [16], 5_000);
  const writes = cluster.write();
  const second = await cluster.add('second');
  const joined = await shared([first, second], [8, 8], 5_000);
  const third = await cluster.add('third');
  const joinedAgain = await shared([first, second, third], [6, 6, 4], 5_000);
  await writes.caughtUp(2_000);

  const stoppedAt = performance.now();
  await third.process.stop();
  await writes.caughtUp(5_000);
  const handedOver = performance.now() - stoppedAt;
  const report = await writes.stop();
  t.diagnostic(`${JSON.stringify({ joined, joinedAgain, handedOver, ...report })}`);
  assert.ok(handedOver < 1_500, `the writes of the stopped one were held up for ${handedOver} ms`);
  assert.ok(report.slowestMs < 5_000, `a write waited ${report.slowestMs} ms`);
});

test('the partitions of a killed consumer are taken over within 10 s', async (t) => {
  const [first, second] = await Promise.all([cluster.add('first'), cluster.add('second')]);
  await shared([first, second], [8, 8], 5_000);
  const writes = cluster.write();
  await writes.caughtUp(2_000);
  await second.process.kill();
  const killedAt = performance.now();
  const leases = await shared([first], [16], 10_000);
  await writes.caughtUp(10_000 - (performance.now() - killedAt));
  const report = await writes.stop();
  t.diagnostic(JSON.stringify({ leases, ...report }));
  assert.ok(report.slowestMs < 10_000, `a write waited ${report.slowestMs} ms`);
});

test('a consumer frozen inside its transaction is replaced within 20 s, and does no harm when it wakes up', async (t) => {
  const [first, second] = await Promise.all([cluster.add('first'), cluster.add('second')]);
  await shared([first, second], [8, 8], 5_000);
  const writes = cluster.write();
  await writes.caughtUp(5_000);
  // With the database standing still, both wait for it in the middle of a transaction.
  cluster.postgres.freeze();
  await delay(500);
  second.process.freeze();
  cluster.postgres.thaw();
  const frozenAt = performance.now();
  const leases = await shared([first], [16], 20_000);
  await writes.caughtUp(20_000 - (performance.now() - frozenAt));
  const replaced = performance.now() - frozenAt;
  second.process.thaw();
  const joined = await shared([first, second], [8, 8], 10_000);
  await writes.caughtUp(5_000);
  const { writes: count, slowestMs } = await writes.stop();
  t.diagnostic(JSON.stringify({ leases, replaced, joined, count, slowestMs }));
  assert.ok(slowestMs < 20_000, `a write waited ${slowestMs} ms`);
});

test('a consumer whose fence another has raised is refused, and nothing is applied twice', async () => {
  const member = await cluster.add('first');
  await shared([member], [16], 5_000);
  const writes = cluster.write();
  await writes.caughtUp(5_000);
  for (let partition = 0; partition < 16; partition += 1) await cluster.database.store.raiseFence(partition);
  await writes.caughtUp(5_000);
  assert.ok((await member.metric('kv_fence_refusals_total')) >= 16);
  await writes.stop();
});
