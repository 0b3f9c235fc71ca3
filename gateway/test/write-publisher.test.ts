import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OperationQueue, type QueuedOperation, StrataError } from '@stratakv/core';
import { deleteOf, putOf } from '@stratakv/core/testing';
import { WritePublisher } from '../src/write-publisher.ts';

const limits = { confirmTimeoutMs: 50, maxMessageOperations: 4, maxMessageBytes: 1000, holdMs: 20 };

type Sent = { partition: number; operations: readonly QueuedOperation[] };

function recording(publish: (sent: Sent) => Promise<void> = async () => {}) {
  const sent: Sent[] = [];
  const queue: Pick<OperationQueue, 'publish'> = {
    publish: (partition, operations) => {
      sent.push({ partition, operations });
      return publish({ partition, operations });
    },
  };
  return { sent, publisher: new WritePublisher(queue, limits, () => {}) };
}

test('writes of one turn travel as one message a partition, in order', async () => {
  const { sent, publisher } = recording();
  const [a, b, c] = [putOf('a', '1'), putOf('b', '2'), deleteOf('a')];
  await Promise.all([publisher.publish(1, a), publisher.publish(2, b), publisher.publish(1, c)]);
  assert.deepEqual(sent, [
    { partition: 1, operations: [a, c] },
    { partition: 2, operations: [b] },
  ]);
});

test('a message is bounded in operations and in bytes, and what is larger goes alone', async () => {
  const { sent, publisher } = recording();
  const sizes = [10, 10, 10, 10, 10, 900, 900, 5000, 1];
  await Promise.all(sizes.map((size) => publisher.publish(0, putOf('k', 'x'.repeat(size)))));
  const shape = sent.map(({ operations }) => operations.map((each) => (each.action === 'put' ? each.value.length : 0)));
  assert.deepEqual(shape, [[10, 10, 10, 10], [10, 900], [900], [5000], [1]]);
});

test('a message that fails fails its own writes alone', async () => {
  const full = new StrataError('overloaded', 'full');
  const { publisher } = recording(async ({ partition }) => {
    if (partition === 1) throw full;
  });
  const [lost, kept] = await Promise.allSettled([
    publisher.publish(1, putOf('a', '1')),
    publisher.publish(2, putOf('b', '2')),
  ]);
  assert.deepEqual(lost, { status: 'rejected', reason: full });
  assert.equal(kept.status, 'fulfilled');
});

test('without a confirm in time the outcome is unknown, and nothing is published again', async () => {
  const { sent, publisher } = recording(() => new Promise(() => {}));
  await assert.rejects(publisher.publish(1, putOf('a', '1')), (error) => {
    return error instanceof StrataError && error.code === 'outcome-unknown';
  });
  assert.equal(sent.length, 1);
});
