import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';
import { counted, Fixture, sharedOut } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

const unavailable = new StrataError('unavailable', 'for the test');

test('a consumer alone takes all; a second one gets half; what the one that stops had goes to the other', async () => {
  const first = fixture.start();
  await sharedOut([first], [16]);
  const second = fixture.start();
  await sharedOut([first, second], [8, 8]);
  await fixture.publishEverywhere('both');
  await fixture.drained();
  await second.consumer.close();
  assert.deepEqual(second.consumer.partitions, []);
  await sharedOut([first], [16]);
  await fixture.publishEverywhere('one');
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 32);
  assert.equal(await counted(first.metrics, 'kv_partition_leases'), 16);
});

test('three consumers share 6, 6 and 4', async () => {
  const members = [fixture.start(), fixture.start(), fixture.start()];
  await eventually('no more than the share each', () => {
    const held = members.map(({ consumer }) => consumer.partitions.length);
    return held.every((count) => count <= 6) && held.reduce((sum, count) => sum + count, 0) === 16;
  });
});

test('a killed consumer is replaced, whatever it was doing, and nothing is applied twice', async (t) => {
  for (const step of ['invalidate', 'apply', 'put', 'notify'] as const) {
    await t.test(`killed in ${step}`, async () => {
      const world = new Fixture();
      const replyTo = await world.listen();
      const operations = [putOf(keyIn(3), 'a', { replyTo }), putOf(keyIn(3), 'b', { replyTo })];
      const victim = world.start();
      await eventually('it serves', () => world.queue.subscribers(3) === 1);
      const hang = { kind: 'hang' } as const;
      if (step === 'invalidate' || step === 'put') victim.faults.cache.plan(step, hang);
      if (step === 'apply') victim.faults.store.plan(step, hang);
      if (step === 'notify') victim.faults.outcomes.plan(step, hang);
      await world.publish(...operations);
      await delay(30);
      await victim.kill();
      const heir = world.start();
      await world.drained();
      assert.deepEqual(
        world.store.settled,
        operations.map(({ id }) => id),
      );
      assert.ok(operations.every(({ id }) => world.told.some((record) => record.id === id)));
      // What the victim was in the middle of goes on when it wakes up: the fence and the log must bear it.
      for (const faults of Object.values(victim.faults)) {
        faults.clear();
        faults.release();
      }
      await delay(30);
      assert.equal(world.store.settled.length, 2);
      await victim.consumer.close();
      await heir.consumer.close();
      await world.close();
    });
  }
});

test('a refused fence leaves the rest of the batch alone', async () => {
  const member = fixture.start();
  await eventually('it serves', () => fixture.queue.subscribers(4) === 1 && fixture.queue.subscribers(3) === 1);
  await fixture.publishEverywhere('before');
  await fixture.drained();
  member.faults.store.plan('apply', { kind: 'hang' }, 1);
  const [hung, taken, other] = [putOf(keyIn(5), 'x'), putOf(keyIn(3), 'a'), putOf(keyIn(4), 'b')];
  await fixture.publish(hung);
  await eventually('the loop is busy', () => member.faults.store.hanging === 1);
  await fixture.publish(taken);
  await fixture.publish(other);
  await delay(20);
  await fixture.store.raiseFence(3);
  member.faults.store.release();
  await fixture.drained();
  assert.equal(await counted(member.metrics, 'kv_fence_refusals_total'), 1);
  assert.equal(fixture.store.settled.filter((id) => id === taken.id).length, 1);
  assert.ok(fixture.store.settled.indexOf(other.id) < fixture.store.settled.indexOf(taken.id));
});

test('a lease lost in the middle of a batch: the batch is not acked, and applied once by whoever has it next', async () => {
  const first = fixture.start();
  await sharedOut([first], [16]);
  await fixture.publishEverywhere('before');
  await fixture.drained();
  first.faults.store.plan('apply', { kind: 'hang' }, 1);
  const operation = putOf(keyIn(6), 'a');
  await fixture.publish(operation);
  await eventually('it is applying', () => first.faults.store.hanging === 1);
  const second = fixture.start();
  fixture.table.holds.delete(6);
  // The first one finds out at its next renewal; the second one takes what it can get.
  await eventually('it is applied', () => fixture.store.records.has(operation.id));
  first.faults.store.release();
  await fixture.drained();
  await sharedOut([first, second], [8, 8]);
  assert.equal(fixture.store.settled.filter((id) => id === operation.id).length, 1);
});

test('a lost subscription is taken again and gets what was not acked', async () => {
  const member = fixture.start();
  await eventually('it serves', () => fixture.queue.subscribers(7) === 1);
  const operations = Array.from({ length: 30 }, (_, index) => putOf(keyIn(7), String(index)));
  for (const [index, operation] of operations.entries()) {
    await fixture.publish(operation);
    if (index % 10 !== 5) continue;
    await eventually('it serves', () => fixture.queue.subscribers(7) === 1);
    member.faults.store.plan('apply', { kind: 'hang' }, 1);
    await fixture.publish(putOf(keyIn(6), 'busy'));
    await eventually('it is busy', () => member.faults.store.hanging === 1);
    await fixture.publish(putOf(keyIn(5), 'waits'));
    await delay(5);
    fixture.queue.cut(5);
    fixture.queue.cut(7);
    member.faults.store.release();
  }
  await fixture.drained();
  const own = new Set(operations.map(({ id }) => id));
  assert.deepEqual(
    fixture.store.settled.filter((id) => own.has(id)),
    [...own],
  );
  assert.ok((await counted(member.metrics, 'kv_partition_sessions_lost_total')) >= 3);
  const held = async () =>
    (await counted(member.metrics, 'kv_intake_messages')) + (await counted(member.metrics, 'kv_intake_bytes'));
  await eventually('nothing is counted as held', async () => (await held()) === 0);
});

test('more than fits comes again: bounded, complete and in order', async () => {
  const operations = Array.from({ length: 200 }, (_, index) => putOf(keyIn(8), String(index)));
  for (const operation of operations) await fixture.publish(operation);
  fixture.start({ maxWaitingMessages: 20, maxBatchOperations: 8 });
  await fixture.drained();
  assert.deepEqual(
    fixture.store.settled,
    operations.map(({ id }) => id),
  );
});

test('a consumer that is closed finishes its batch and acks it', async () => {
  const member = fixture.start();
  member.faults.store.plan('apply', { kind: 'hang' }, 1);
  const operation = putOf(keyIn(9), 'a');
  await fixture.publish(operation);
  await eventually('it is applying', () => member.faults.store.hanging === 1);
  const closed = member.consumer.close();
  member.faults.store.release();
  await closed;
  assert.equal((await fixture.queue.depth()).messages, 0);
  assert.equal(fixture.queue.subscribers(9), 0);
  assert.equal(fixture.table.holds.size, 0);
});

test('closing does not wait for a database that never answers', async () => {
  const member = fixture.start({ handOverMs: 50 });
  member.faults.store.plan('apply', { kind: 'hang' });
  await fixture.publish(putOf(keyIn(9), 'a'));
  await eventually('it is applying', () => member.faults.store.hanging === 1);
  await member.consumer.close();
  assert.equal(fixture.table.holds.size, 0);
  assert.equal((await fixture.queue.depth()).messages, 1);
});

test('closing does not wait while a database is away', async () => {
  const member = fixture.start({ handOverMs: 5_000, maxBackoffMs: 5_000, backoffMs: 5_000 });
  member.faults.store.plan('apply', { kind: 'fail', error: unavailable });
  await fixture.publish(putOf(keyIn(9), 'a'));
  await eventually('it has tried', () => member.faults.store.calls('apply') > 0);
  const startedAt = performance.now();
  await member.consumer.close();
  assert.ok(performance.now() - startedAt < 1_000);
  assert.equal((await fixture.queue.depth()).messages, 1);
});

test('a lease that ran out in the middle of the retries: the batch is given up, and applied once when it is held again', async () => {
  const member = fixture.start();
  await sharedOut([member], [16]);
  member.faults.store.plan('apply', { kind: 'fail', error: unavailable });
  const operation = putOf(keyIn(9), 'a');
  await fixture.publish(operation);
  await eventually('it is retrying', () => member.faults.store.calls('apply') > 1);
  fixture.table.holds.delete(9);
  await eventually('it was given up and taken again', () => member.faults.queue.calls('subscribe') > 16);
  member.faults.store.clear();
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 1);
});
