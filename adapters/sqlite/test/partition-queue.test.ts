import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '@stratakv/adapter-in-process';
import type { QueueListener } from '@stratakv/core';
import { putOf } from '@stratakv/core/testing';
import { PartitionQueue } from '../src/partition-queue.ts';
import type { QueuedMessage } from '../src/queue-table.ts';
import type { WriterResult } from '../src/transaction.ts';
import { TestStore } from './store.ts';

/** A table whose reads wait until they are let go. */
class FakeTable {
  rows: QueuedMessage[] = [];
  readonly reads: PromiseWithResolvers<readonly QueuedMessage[]>[] = [];
  removal: WriterResult | undefined;

  readonly read = (): Promise<readonly QueuedMessage[]> => {
    const read = Promise.withResolvers<readonly QueuedMessage[]>();
    this.reads.push(read);
    return read.promise;
  };

  readonly writer = {
    run: async (): Promise<WriterResult> => this.removal ?? { value: { messages: 1, operations: 0, bytes: 1 } },
  };
}

class Taken implements QueueListener {
  readonly tags: number[] = [];
  readonly losses: Error[] = [];

  onDelivery({ tag }: { tag: number }): void {
    this.tags.push(tag);
  }

  onLost(cause: Error): void {
    this.losses.push(cause);
  }
}

const body = new Uint8Array([1]);

function queueUpTo(last: number): { table: FakeTable; queue: PartitionQueue } {
  const table = new FakeTable();
  const end = { partition: 0, last, messages: last, operations: 0, bytes: last };
  const queue = new PartitionQueue(end, table.read, table.writer);
  return { table, queue };
}

test('a message that comes while an empty page is being read is delivered', async () => {
  const { table, queue } = queueUpTo(5);
  const taken = new Taken();
  await queue.subscribe(taken);
  queue.appended(queue.reserve(), body);
  table.reads[0]?.resolve([]);
  await turn();
  table.reads[1]?.resolve([{ sequence: 6, body }]);
  await turn();
  assert.deepEqual(taken.tags, [6]);
  queue.appended(queue.reserve(), body);
  assert.deepEqual(taken.tags, [6, 7], 'and the next without a read');
});

test('after a subscription that was lost, the next one gets its turn', async () => {
  const { table, queue } = queueUpTo(2);
  const taken = new Taken();
  const lost = await queue.subscribe(taken);
  table.reads[0]?.reject(new Error('the database failed'));
  await turn();
  assert.equal(taken.losses.length, 1);
  await lost.close();
  const next = new Taken();
  await queue.subscribe(next);
  table.reads[1]?.resolve([
    { sequence: 1, body },
    { sequence: 2, body },
  ]);
  await turn();
  assert.deepEqual(next.tags, [1, 2]);
});

test('closing a lost subscription late does not end the one after it', async () => {
  const { table, queue } = queueUpTo(1);
  const first = await queue.subscribe(new Taken());
  await first.close();
  const next = new Taken();
  await queue.subscribe(next);
  await first.close();
  table.reads[1]?.resolve([{ sequence: 1, body }]);
  await turn();
  queue.appended(queue.reserve(), body);
  assert.deepEqual(next.tags, [1, 2]);
});

test('an ack that failed says so and still counts the messages', async () => {
  const { table, queue } = queueUpTo(0);
  const subscription = await queue.subscribe(new Taken());
  queue.appended(queue.reserve(), body);
  table.removal = { failure: { code: 'storage-full', detail: 'no room' } };
  await assert.rejects(subscription.ack(1), { code: 'storage-full' });
  assert.equal(queue.messages, 1);
  table.removal = undefined;
  await subscription.ack(1);
  assert.equal(queue.messages, 0);
});

test('a message acked over two subscriptions is counted off once', async () => {
  const store = await TestStore.create(systemClock);
  try {
    const { queue } = store.parts;
    const operation = putOf('counted', 'x');
    const partition = 0;
    await queue.publish(partition, [operation]);
    const first = new Taken();
    const subscription = await queue.subscribe(partition, first);
    while (first.tags.length === 0) await turn();
    const acking = subscription.ack(first.tags[0] ?? 0);
    await subscription.close();
    const second = new Taken();
    const again = await queue.subscribe(partition, second);
    await acking;
    while (second.tags.length === 0 && (await queue.depth()).messages > 0) await turn();
    await again.ack(first.tags[0] ?? 0);
    assert.deepEqual(await queue.depth(), { messages: 0, bytes: 0, deadLetters: 0 });
  } finally {
    await store.close();
  }
});
