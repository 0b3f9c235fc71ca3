import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeOperations } from '../codec/operation-codec.ts';
import { eventually } from './eventually.ts';
import { Inbox } from './inbox.ts';
import type { CreateQueue, QueueHarness } from './operation-queue-suite.ts';
import { deleteOf, idempotencyOf, keyIn, newId, putOf, settleOf } from './sample-operations.ts';

type Case = (harness: QueueHarness) => Promise<void>;

/** What a healthy queue does: order, independence, acks, sizes. */
export function queueDeliveryCases(create: CreateQueue): void {
  const queueTest = (title: string, body: Case) =>
    test(title, async () => {
      const harness = await create();
      try {
        await body(harness);
      } finally {
        await harness.close();
      }
    });

  queueTest('what is published before and after the subscription comes, in order', async ({ queue }) => {
    const key = keyIn(3);
    const [first, second, third] = [putOf(key, '1'), putOf(key, '2'), deleteOf(key)];
    await queue.publish(3, [first]);
    const inbox = new Inbox();
    const subscription = await queue.subscribe(3, inbox);
    await queue.publish(3, [second]);
    await queue.publish(3, [third]);
    await inbox.receives([first.id, second.id, third.id]);
    assert.deepEqual(
      inbox.deliveries.map(({ partition }) => partition),
      [3, 3, 3],
    );
    await subscription.close();
  });

  queueTest('operations published together are one message, in their order', async ({ queue }) => {
    const operations = Array.from({ length: 50 }, (_, index) => putOf(keyIn(1, `k${index}`), String(index)));
    await queue.publish(1, operations);
    const inbox = new Inbox();
    await queue.subscribe(1, inbox);
    await inbox.receives(operations.map(({ id }) => id));
    assert.equal(inbox.deliveries.length, 1);
  });

  queueTest('operations come out as they went in', async ({ queue }) => {
    const key = keyIn(2, 'ключ/🗝');
    const everything = putOf(
      key,
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
      {
        contentType: 'text/html; charset=utf-8',
        meta: [
          ['author', 'Zoë'],
          ['author', 'Ana'],
        ],
        ttlSeconds: 60,
        condition: { kind: 'version', version: 1_763_702_400_000_000 },
        idempotency: idempotencyOf('caller and key'),
        replyTo: 'gateway-7',
        traceId: '0af7651916cd43dd8448eb211c80319c',
      },
    );
    const operations = [everything, deleteOf(key, { condition: { kind: 'present' } }), settleOf(newId(key))];
    await queue.publish(2, operations);
    const inbox = new Inbox();
    await queue.subscribe(2, inbox);
    await inbox.receives(operations.map(({ id }) => id));
    const decoded = inbox.deliveries.flatMap(({ body }) => decodeOperations(body, 'copy'));
    const comparable = (operation: object) => ({
      ...operation,
      ...('value' in operation && { value: Buffer.from(operation.value as Uint8Array).toString('hex') }),
    });
    assert.deepEqual(decoded.map(comparable), operations.map(comparable));
  });

  queueTest('order holds among publishes that do not wait for each other', async ({ queue }) => {
    const operations = Array.from({ length: 200 }, (_, index) => putOf(keyIn(5), String(index)));
    const inbox = new Inbox();
    await queue.subscribe(5, inbox);
    await Promise.all(operations.map((operation) => queue.publish(5, [operation])));
    await inbox.receives(operations.map(({ id }) => id));
  });

  queueTest('partitions are independent of each other', async ({ queue }) => {
    const zero = Array.from({ length: 20 }, (_, index) => putOf(keyIn(0), String(index)));
    const one = Array.from({ length: 20 }, (_, index) => putOf(keyIn(1), String(index)));
    for (let index = 0; index < 20; index += 1) {
      await Promise.all([
        queue.publish(0, zero.slice(index, index + 1)),
        queue.publish(1, one.slice(index, index + 1)),
      ]);
    }
    const inboxes = [new Inbox(), new Inbox()] as const;
    await queue.subscribe(1, inboxes[1]);
    await inboxes[1].receives(one.map(({ id }) => id));
    // Nobody has taken anything from partition 0, and partition 1 is not acked.
    await queue.subscribe(0, inboxes[0]);
    await inboxes[0].receives(zero.map(({ id }) => id));
  });

  queueTest('1,000 messages come in order while they are acked', async ({ queue }) => {
    const operations = Array.from({ length: 1000 }, (_, index) => putOf(keyIn(4), String(index)));
    for (let index = 0; index < operations.length; index += 100) {
      await Promise.all(operations.slice(index, index + 100).map((operation) => queue.publish(4, [operation])));
    }
    const inbox = new Inbox();
    const subscription = await queue.subscribe(4, inbox);
    // A slow consumer may get the rest only after it has acked: prefetch is the adapter's choice.
    await eventually(
      'all 1,000 messages delivered',
      async () => {
        if (inbox.deliveries.length > 0) await subscription.ack(inbox.lastTag);
        return inbox.deliveries.length >= operations.length;
      },
      30_000,
    );
    await inbox.receives(operations.map(({ id }) => id));
  });

  queueTest('tags grow from delivery to delivery', async ({ queue }) => {
    const inbox = new Inbox();
    await queue.subscribe(6, inbox);
    for (let index = 0; index < 20; index += 1) await queue.publish(6, [putOf(keyIn(6), String(index))]);
    await eventually('20 messages delivered', () => inbox.deliveries.length === 20);
    const tags = inbox.deliveries.map(({ tag }) => tag);
    for (const [index, tag] of tags.entries()) if (index > 0) assert.ok(tag > (tags[index - 1] ?? 0));
  });

  queueTest('values of 1 MiB pass, several at once', async ({ queue }) => {
    const values = [1, 2, 3, 4].map((byte) => new Uint8Array(1024 * 1024).fill(byte));
    const operations = values.map((value) => putOf(keyIn(7), value));
    const inbox = new Inbox();
    await queue.subscribe(7, inbox);
    await Promise.all(operations.map((operation) => queue.publish(7, [operation])));
    await inbox.receives(operations.map(({ id }) => id));
    for (const [index, { body }] of inbox.deliveries.entries()) {
      const [operation] = decodeOperations(body);
      assert.ok(operation?.action === 'put' && Buffer.compare(operation.value, values[index] ?? operation.value) === 0);
    }
  });

  queueTest('an ack takes everything up to its tag off the queue', async ({ queue }) => {
    const operations = Array.from({ length: 10 }, (_, index) => putOf(keyIn(8), String(index)));
    const inbox = new Inbox();
    const subscription = await queue.subscribe(8, inbox);
    for (const operation of operations) await queue.publish(8, [operation]);
    await inbox.receives(operations.map(({ id }) => id));
    await eventually('10 messages wait', async () => (await queue.depth()).messages === 10);
    await subscription.ack(inbox.deliveries[6]?.tag ?? 0);
    await eventually('3 messages wait', async () => (await queue.depth()).messages === 3);
    await subscription.ack(inbox.lastTag);
    await eventually('nothing waits', async () => (await queue.depth()).messages === 0);
    assert.deepEqual(inbox.losses, []);
  });

  queueTest('depth counts messages and bytes over all partitions', async ({ queue }) => {
    await queue.check();
    assert.deepEqual(await queue.depth(), { messages: 0, bytes: 0, deadLetters: 0 });
    await queue.publish(0, [putOf(keyIn(0), new Uint8Array(50_000))]);
    await queue.publish(9, [putOf(keyIn(9), new Uint8Array(50_000))]);
    const depth = await eventually('two messages wait', async () => {
      const now = await queue.depth();
      return now.messages === 2 && now;
    });
    assert.ok(depth.bytes >= 100_000 && depth.bytes < 120_000, `${depth.bytes} bytes`);
  });
}
