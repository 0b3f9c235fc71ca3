import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';
import { Fixture } from './fixture.ts';
import { refusing } from './refusing-store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

test('a window that killed its consumers is applied one operation at a time', async () => {
  const sizes: number[] = [];
  for (let raise = 0; raise < 2; raise += 1) await fixture.store.raiseFence(11);
  const operations = Array.from({ length: 6 }, (_, index) => putOf(keyIn(11), String(index)));
  await fixture.publish(...operations.slice(0, 4));
  await fixture.publish(...operations.slice(4));
  fixture.start(
    {},
    refusing(() => false, sizes),
  );
  await fixture.drained();
  assert.deepEqual(sizes, [1, 1, 1, 1, 1, 1]);
  assert.deepEqual(
    fixture.store.settled,
    operations.map(({ id }) => id),
  );
});

test('what comes after a window that killed its consumers is applied together again', async () => {
  const sizes: number[] = [];
  for (let raise = 0; raise < 2; raise += 1) await fixture.store.raiseFence(11);
  const operations = Array.from({ length: 9 }, (_, index) => putOf(keyIn(11), String(index)));
  await fixture.publish(...operations.slice(0, 2));
  fixture.start(
    {},
    refusing(() => false, sizes),
  );
  await fixture.drained();
  await fixture.publish(...operations.slice(2, 5));
  await fixture.drained();
  await fixture.publish(...operations.slice(5));
  await fixture.drained();
  assert.deepEqual(sizes, [1, 1, 3, 4]);
});

test('three idle restarts make nothing slow', async () => {
  const sizes: number[] = [];
  for (let raise = 0; raise < 3; raise += 1) await fixture.store.raiseFence(11);
  fixture.start(
    {},
    refusing(() => false, sizes),
  );
  await eventually('it serves', () => fixture.queue.subscribers(11) === 1);
  await fixture.publish(...Array.from({ length: 5 }, (_, index) => putOf(keyIn(11), String(index))));
  await fixture.drained();
  assert.deepEqual(sizes, [5]);
});

test('a partition that changed hands with nothing in it has killed nobody', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const { consumer } = fixture.start();
    await eventually('it serves', () => fixture.queue.subscribers(11) === 1);
    await consumer.close();
  }
  const sizes: number[] = [];
  await fixture.publish(...Array.from({ length: 5 }, (_, index) => putOf(keyIn(11), String(index))));
  fixture.start(
    {},
    refusing(() => false, sizes),
  );
  await fixture.drained();
  assert.deepEqual(sizes, [5]);
});

test('a partition that is handed over with its backlog has killed nobody either', async () => {
  await fixture.store.raiseFence(11);
  const { consumer } = fixture.start({ batchEveryMs: 60_000, cleanEveryMs: 60_000 });
  await eventually('it serves', () => fixture.queue.subscribers(11) === 1 && fixture.queue.subscribers(1) === 1);
  await fixture.publish(putOf(keyIn(1), 'at once'));
  await fixture.drained();
  // It comes too soon after the batch before, so it waits.
  await fixture.publish(...Array.from({ length: 5 }, (_, index) => putOf(keyIn(11), String(index))));
  await delay(50);
  assert.equal((await fixture.queue.depth()).messages, 1);
  await consumer.close();
  const sizes: number[] = [];
  fixture.start(
    {},
    refusing(() => false, sizes),
  );
  await fixture.drained();
  assert.deepEqual(sizes, [5]);
});

test('a backlog whose subscriptions were lost before a commit has killed nobody', async () => {
  const sizes: number[] = [];
  fixture.start(
    { batchEveryMs: 400, cleanEveryMs: 60_000 },
    refusing(() => false, sizes),
  );
  await eventually('it serves', () => fixture.queue.subscribers(11) === 1 && fixture.queue.subscribers(1) === 1);
  await fixture.publish(putOf(keyIn(1), 'at once'));
  // It comes too soon after the batch before, so it waits.
  await fixture.publish(...Array.from({ length: 5 }, (_, index) => putOf(keyIn(11), String(index))));
  for (let loss = 0; loss < 3; loss += 1) {
    await eventually('it serves again', () => fixture.queue.subscribers(11) === 1);
    fixture.queue.cut(11);
    await eventually('it is lost', () => fixture.queue.subscribers(11) === 0);
  }
  await fixture.drained();
  assert.deepEqual(sizes, [1, 5]);
});
