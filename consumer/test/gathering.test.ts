import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { defaultPartitionCount } from '@stratakv/core';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';
import { Fixture, sharedOut } from './fixture.ts';

/** Far longer than the test, so that only what is told here can end the wait. */
const batchEveryMs = 60_000;

test('after a batch, writes nobody waits for gather; one that somebody waits for takes them along', async (t) => {
  const fixture = new Fixture();
  t.after(() => fixture.close());
  const member = fixture.start({ batchEveryMs, cleanEveryMs: 60_000 });
  await sharedOut([member], [defaultPartitionCount]);
  await fixture.publish(putOf(keyIn(1), 'at once'));
  await fixture.drained();
  for (let count = 0; count < 10; count += 1) await fixture.publish(putOf(keyIn(count), 'gathered'));
  await delay(100);
  assert.equal((await fixture.queue.depth()).messages, 10);
  const replyTo = await fixture.listen();
  await fixture.publish({ ...putOf(keyIn(3), 'awaited'), replyTo });
  await eventually('it is told', () => fixture.told.length === 1);
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 12);
});

test('a full batch does not wait', async (t) => {
  const fixture = new Fixture();
  t.after(() => fixture.close());
  const member = fixture.start({ batchEveryMs, maxBatchOperations: 5, cleanEveryMs: 60_000 });
  await sharedOut([member], [defaultPartitionCount]);
  await fixture.publish(putOf(keyIn(1), 'at once'));
  await fixture.drained();
  for (let count = 0; count < 5; count += 1) await fixture.publish(putOf(keyIn(count), 'full'));
  await fixture.drained();
  assert.equal(fixture.store.settled.length, 6);
});
