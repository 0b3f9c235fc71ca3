import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OperationQueue, type QueuedOperation, StrataError } from '@stratakv/core';
import { deleteOf, putOf } from '@stratakv/core/testing';
import { WritePublisher } from '../src/write-publisher.ts';

const bounds = { maxMessageOperations: 4, maxMessageBytes: 1000, maxBytesUnderWay: 10_000 };
const limits = { confirmTimeoutMs: 50, holdMs: 20, ...bounds };

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

test('while a message is on its way, the next of its partition gathers, and leaves with the confirm', async () => {
  const confirms: (() => void)[] = [];
  const { sent, publisher } = recording(() => new Promise((resolve) => confirms.push(resolve)));
  const first = publisher.publish(1, putOf('a', '1'));
  await turn();
  const later = [publisher.publish(1, putOf('b', '2')), publisher.publish(2, putOf('c', '3'))];
  await turn();
  later.push(publisher.publish(1, putOf('d', '4')));
  await turn();
  assert.deepEqual(shapeOf(sent), ['1: 1', '2: 1'], 'another partition is not held back');
  confirms[0]?.();
  await first;
  await turn();
  assert.deepEqual(shapeOf(sent), ['1: 1', '2: 1', '1: 2']);
  for (const confirm of confirms) confirm();
  await Promise.all(later);
});

test('a message that is late no longer holds others back', async () => {
  const { sent, publisher } = recording(() => new Promise(() => {}));
  const all = [publisher.publish(1, putOf('a', '1'))];
  await turn();
  all.push(publisher.publish(1, putOf('b', '2')));
  await Promise.allSettled(all);
  assert.deepEqual(shapeOf(sent), ['1: 1', '1: 1']);
});

test('beyond the bytes that may be under way writes wait, each partition in its turn, and none is refused', async () => {
  const confirms: (() => void)[] = [];
  const { sent, publisher } = recording(() => new Promise((resolve) => confirms.push(resolve)));
  const large = () => putOf('k', 'x'.repeat(4000));
  const all = [0, 0, 0, 1, 1, 2].map((partition) => publisher.publish(partition, large()));
  await turn();
  assert.deepEqual(shapeOf(sent), ['0: 1', '0: 1']);
  confirms[0]?.();
  await turn();
  await turn();
  assert.deepEqual(shapeOf(sent).slice(2), ['1: 1'], 'the lane that holds lets another one go first');
  for (let index = 1; index < all.length; index += 1) {
    confirms[index]?.();
    await turn();
    await turn();
  }
  await Promise.all(all);
  assert.equal(sent.length, all.length);
});

test('a write for which there is no room in time is refused, and was never sent', async () => {
  const { sent, publisher } = recording(() => new Promise(() => {}));
  const large = () => putOf('k', 'x'.repeat(9000));
  const outcomes = await Promise.allSettled([1, 2, 3].map((partition) => publisher.publish(partition, large())));
  const codes = outcomes.map((each) => each.status === 'rejected' && (each.reason as StrataError).code);
  assert.equal(codes[0], 'outcome-unknown');
  assert.ok(codes.includes('overloaded'), String(codes));
  assert.equal(sent.length, codes.filter((code) => code === 'outcome-unknown').length);
});

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const shapeOf = (sent: readonly Sent[]) =>
  sent.map(({ partition, operations }) => `${partition}: ${operations.length}`);
