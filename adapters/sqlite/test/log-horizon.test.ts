import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { deleteOf, Inbox, keyIn, newId, putOf, SoleConsumer, settleOf } from '@stratakv/core/testing';
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

test('the oldest operation holds the log back wherever it waits', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const store = await TestStore.create(clock, { retentionMs });
  try {
    const { queue, store: entries } = store.parts;
    const consumer = new SoleConsumer(entries);
    const [early, late] = [keyIn(1, 'early'), keyIn(1, 'late')];
    // As after a clock that was set back: the message behind holds the older id, and not as its first.
    const ofLater = () => putOf(late, 'x', { id: newId(late, -retentionMs) });
    await queue.publish(1, [ofLater()]);
    const oldest = putOf(early, 'x', { id: newId(early, 5000) });
    await queue.publish(1, [ofLater(), oldest]);
    await consumer.apply(putOf(keyIn(2), 'applied', { id: newId(keyIn(2), 2000) }));
    ahead += 10 * retentionMs;
    assert.equal((await entries.pruneOperations(await consumer.fence(2), 100)).removed, 0);
    assert.equal((await consumer.applyOne(oldest)).kind, 'settled');
  } finally {
    await store.close();
  }
});

test('while more waits than can be looked at, nothing is pruned', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const store = await TestStore.create(clock, { retentionMs });
  try {
    const { queue, store: entries } = store.parts;
    const consumer = new SoleConsumer(entries);
    await consumer.apply(putOf(keyIn(2), 'applied'));
    ahead += 10 * retentionMs;
    const key = keyIn(1);
    const ofNow = () => putOf(key, 'x', { id: newId(key, -ahead) });
    await Promise.all(Array.from({ length: 1001 }, () => queue.publish(1, [ofNow()])));
    assert.equal((await entries.pruneOperations(await consumer.fence(2), 100)).removed, 0);
    const subscription = await queue.subscribe(1, new Inbox());
    await subscription.ack(1);
    assert.equal((await entries.pruneOperations(await consumer.fence(2), 100)).removed, 1);
    await subscription.close();
  } finally {
    await store.close();
  }
});

test('a write from before the horizon, by a clock that was set back, is refused and not queued', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const store = await TestStore.create(clock, { retentionMs });
  try {
    assert.equal(store.parts.logHorizon(), 0);
    const consumer = new SoleConsumer(store.parts.store);
    await consumer.apply(putOf(keyIn(1), 'applied'));
    ahead += 10 * retentionMs;
    assert.equal((await store.parts.store.pruneOperations(await consumer.fence(1), 100)).removed, 1);
    const horizon = store.parts.logHorizon();
    assert.ok(horizon > Date.now() && horizon <= clock.now() - retentionMs);
    ahead = 0;
    const key = keyIn(1);
    for (const { queue, logHorizon } of [store.parts, await store.open()]) {
      assert.equal(logHorizon(), horizon);
      for (const operation of [putOf(key, 'x'), deleteOf(key)]) {
        await assert.rejects(queue.publish(1, [operation]), { code: 'unavailable' });
      }
      assert.equal((await queue.depth()).messages, 0);
    }
    const { queue } = store.parts;
    await queue.publish(1, [settleOf(newId(key))]);
    await queue.publish(1, [putOf(key, 'x', { id: newId(key, Date.now() - horizon - 1000) })]);
    assert.equal((await queue.depth()).messages, 2);
  } finally {
    await store.close();
  }
});
