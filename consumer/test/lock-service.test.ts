import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';
import { allPartitions, Fixture, type Member, sharedOut } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

const unavailable = new StrataError('unavailable', 'for the test');

function loseLocks(members: readonly Member[]): void {
  for (const { faults } of members) {
    for (const call of ['announce', 'acquire', 'check'] as const) {
      faults.lock.plan(call, { kind: 'fail', error: unavailable });
    }
  }
}

test('a partition that is slow to be given up does not let the leases run out that are kept', async () => {
  const first = fixture.start({ handOverMs: 5_000 });
  await sharedOut([first], [16]);
  const [kept, last = 0] = [first.consumer.partitions.slice(0, 8), first.consumer.partitions.at(-1)];
  first.faults.store.plan('apply', { kind: 'hang' }, 1);
  await fixture.publish(putOf(keyIn(last), 'a'));
  await eventually('it is applying', () => first.faults.store.hanging === 1);
  const second = fixture.start();
  await eventually('it has what is free', () => second.consumer.partitions.length === 7);
  // Twice as long as a lease holds.
  const until = performance.now() + 1_000;
  while (performance.now() < until) {
    for (const partition of kept) {
      assert.ok((fixture.table.holds.get(partition)?.until ?? 0) > performance.now(), `${partition} ran out`);
    }
    await delay(20);
  }
  first.faults.store.release();
  await sharedOut([first, second], [8, 8]);
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 1);
});

test('with the lock service gone all partitions are served once, and leases come back with it', async () => {
  const members = [fixture.start(), fixture.start()];
  await sharedOut(members, [8, 8]);
  loseLocks(members);
  fixture.table.holds.clear();
  await eventually('both are degraded and subscribe to all', () =>
    members.every(({ consumer }) => consumer.isDegraded && consumer.partitions.length === 16),
  );
  const operations = await fixture.publishEverywhere('degraded');
  await fixture.drained();
  assert.deepEqual(new Set(fixture.store.settled), new Set(operations.map(({ id }) => id)));
  // One of the two dies: the other is next at the broker for all of its partitions.
  for (const partition of allPartitions) fixture.queue.cut(partition);
  await fixture.publishEverywhere('after the cut');
  await fixture.drained();
  for (const { faults } of members) faults.lock.clear();
  await sharedOut(members, [8, 8]);
  assert.ok(members.every(({ consumer }) => !consumer.isDegraded));
  await fixture.publishEverywhere('back');
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 48);
});

test('from the start without a lock service', async () => {
  const member = fixture.start();
  loseLocks([member]);
  await eventually('it is degraded', () => member.consumer.isDegraded);
  await fixture.publishEverywhere('degraded');
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 16);
});

test('a lease that a dead consumer has left when the lock service comes back: its partition is served all the while', async () => {
  const [first, second] = [fixture.start(), fixture.start()];
  await sharedOut([first, second], [8, 8]);
  loseLocks([first, second]);
  await eventually('both serve all', () => [first, second].every(({ consumer }) => consumer.partitions.length === 16));
  await fixture.publishEverywhere('degraded');
  await fixture.drained();
  // Of a third one, which died while nobody could see it.
  for (const partition of [3, 7]) {
    fixture.table.holds.delete(partition);
    assert.ok(await fixture.lock().acquire(partition));
  }
  for (const { faults } of [first, second]) faults.lock.clear();
  await eventually('the lock service is back', () => [first, second].every(({ consumer }) => !consumer.isDegraded));
  for (let round = 0; round < 5; round += 1) {
    const publishedAt = performance.now();
    await fixture.publishEverywhere('back');
    await fixture.drained();
    const took = performance.now() - publishedAt;
    assert.ok(took < 400, `a write waited ${took} ms for a lease to run out`);
    await delay(30);
  }
  await sharedOut([first, second], [8, 8]);
  assert.equal(fixture.store.settled.length, 96);
});
