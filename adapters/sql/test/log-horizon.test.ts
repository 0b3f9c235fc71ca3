import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keyIn, newId, putOf, SoleConsumer } from '@stratakv/core/testing';
import { prunableBefore } from '../src/cleanup.ts';
import { TestServer, weekMs } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const hourMs = 3600 * 1000;
const dayMs = 24 * hourMs;

test('the log of a partition ends behind what its queue has come to', () => {
  const now = 1000 * dayMs;
  const bounds = { retentionMs: 7 * dayMs, queueMarginMs: 30 * dayMs };
  const before = (reached: number) => (now - prunableBefore({ reached, now }, bounds)) / dayMs;
  assert.equal(before(now), 7);
  assert.equal(before(now - 6 * dayMs), 7);
  // Eight days behind: an hour more, for messages that are out of order.
  assert.equal(before(now - 8 * dayMs), 8 + 1 / 24);
  assert.equal(before(now - 36 * dayMs), 36 + 1 / 24);
  // No longer written, or stuck for longer than anything waits.
  assert.equal(before(now - 100 * dayMs), 37);
  assert.equal(before(0), 37);
});

test('after a long outage what waited is applied before the log of its time goes', async () => {
  const schema = await server.createSchema();
  const bounds = { retentionMs: weekMs, queueMarginMs: 30 * dayMs };
  const database = await schema.open(bounds);
  try {
    const consumer = new SoleConsumer(database.store);
    const key = keyIn(1);
    const ofAge = (days: number) => putOf(keyIn(1, `of-${days}`), 'x', { id: newId(key, days * dayMs) });
    const pruned = async () => (await database.store.pruneOperations(await consumer.fence(1), 100)).removed;
    // Long ago, operations were applied; their log rows say so, and so does the partition.
    await consumer.apply(ofAge(20.01), ofAge(20));
    await schema.query(`UPDATE operations SET settled_at = settled_at - ${19 * dayMs}`);
    assert.equal(await pruned(), 0, 'what was made since may still wait in the queue');
    const [waited, waitedMore] = [ofAge(15), ofAge(18)];
    assert.deepEqual(
      (await consumer.apply(waitedMore, waited)).folded.map(({ kind }) => kind),
      ['settled', 'settled'],
    );
    assert.equal(await pruned(), 2, 'the queue is past them');
    const { logHorizon } = await database.reader.installation();
    assert.ok(Math.abs(Date.now() - logHorizon - 15 * dayMs - hourMs) < 10_000);
    // Known by their rows, which stay a week from when they were applied; without a row, too old.
    assert.equal((await consumer.applyOne(waited)).kind, 'duplicate');
    assert.equal((await consumer.applyOne(ofAge(16))).kind, 'refused');
    assert.equal((await consumer.applyOne(ofAge(14))).kind, 'settled');
  } finally {
    await database.close();
  }
});

test('each partition has a horizon of its own, also within one batch', async () => {
  const schema = await server.createSchema();
  const database = await schema.open();
  try {
    const consumer = new SoleConsumer(database.store);
    const ofAge = (partition: number, name: string) => {
      const key = keyIn(partition, name);
      return putOf(key, 'x', { id: newId(key, 10 * dayMs) });
    };
    await consumer.apply(ofAge(1, 'first'));
    await schema.query(`UPDATE operations SET settled_at = settled_at - ${10 * dayMs}`);
    assert.equal((await database.store.pruneOperations(await consumer.fence(1), 100)).removed, 1);
    const batch = [ofAge(2, 'a'), ofAge(1, 'b'), ofAge(2, 'c'), putOf(keyIn(1, 'd'), 'x'), ofAge(1, 'first')];
    const { folded, writes } = await consumer.apply(...batch);
    assert.deepEqual(
      folded.map(({ kind }) => kind),
      ['settled', 'refused', 'settled', 'settled', 'refused'],
    );
    assert.deepEqual(
      folded.map(({ operation }) => operation.id),
      batch.map(({ id }) => id),
    );
    assert.equal(writes.length, 3);
  } finally {
    await database.close();
  }
});

test('an id from the future does not move the horizon past now', async () => {
  const schema = await server.createSchema();
  const database = await schema.open();
  try {
    const consumer = new SoleConsumer(database.store);
    const key = keyIn(3);
    await consumer.apply(putOf(key, 'x', { id: newId(key, -1000 * dayMs) }));
    const [row] = await schema.query<{ reached: string }>('SELECT reached FROM partitions WHERE partition = 3');
    assert.ok(Number(row?.reached) <= Date.now());
  } finally {
    await database.close();
  }
});
