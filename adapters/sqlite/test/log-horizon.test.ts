import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { Inbox, keyIn, newId, putOf, SoleConsumer } from '@stratakv/core/testing';
import { TestStore } from './store.ts';

const retentionMs = 1000;

test('what waited longer than the log goes back is applied, for nothing of its time was pruned', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const store = await TestStore.create(clock, { retentionMs });
  try {
    const key = keyIn(1);
    const put = putOf(key, 'accepted', { id: newId(key, 10) });
    await store.parts.queue.publish(1, [put]);
    // Applied after it was published, and the only row that the log could lose.
    const consumer = new SoleConsumer(store.parts.store);
    await consumer.apply(putOf(keyIn(1, 'other'), 'applied'));
    ahead += 10 * retentionMs;
    const { queue, store: writes } = await store.open();
    const after = new SoleConsumer(writes);
    assert.equal((await writes.pruneOperations(await after.fence(1), 100)).removed, 0);
    assert.equal((await after.applyOne(put)).kind, 'settled');

    const inbox = new Inbox();
    const subscription = await queue.subscribe(1, inbox);
    await subscription.ack(1);
    assert.equal((await writes.pruneOperations(await after.fence(1), 100)).removed, 1);
    await subscription.close();
  } finally {
    await store.close();
  }
});
