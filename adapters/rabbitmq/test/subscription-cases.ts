import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { eventually, Inbox, keyIn, putOf } from '@stratakv/core/testing';
import { partitionQueue } from '../src/topology.ts';
import type { CreateStore } from './test-store.ts';

const puts = (partition: number, count: number) =>
  Array.from({ length: count }, (_, index) => putOf(keyIn(partition), String(index)));
const flags = ({ deliveries }: Inbox) => deliveries.map(({ isRedelivered }) => isRedelivered);

/** One active consumer a partition, and how it is left. */
export function subscriptionCases(create: CreateStore): void {
  describe('subscriptions', () => {
    test('of two processes one has the partition; killed, the other one gets all that was not acked, in order', async () => {
      await using store = create();
      const [one, two] = [await store.open(), await store.open()];
      const operations = puts(3, 300);
      const [first, second] = [new Inbox(), new Inbox()];
      const active = await one.queue.subscribe(3, first);
      await two.queue.subscribe(3, second);
      for (let start = 0; start < 200; start += 20) {
        await Promise.all(operations.slice(start, start + 20).map((operation) => two.queue.publish(3, [operation])));
      }
      await first.receives(operations.slice(0, 200).map(({ id }) => id));
      await active.ack(first.deliveries[99]?.tag ?? 0);
      await second.staysQuiet();
      await one.wire.close();
      for (const operation of operations.slice(200)) await two.queue.publish(3, [operation]);
      await second.receives(operations.slice(100).map(({ id }) => id));
      await eventually('the loss is noticed', () => first.losses.length === 1);
    });

    test('one that had to wait marks what the other one had, and not what comes later', async () => {
      await using store = create();
      const [one, two] = [await store.open({ prefetchMessages: 16 }), await store.open()];
      const operations = puts(4, 40);
      for (const operation of operations.slice(0, 30)) await two.queue.publish(4, [operation]);
      const [first, second] = [new Inbox(), new Inbox()];
      await one.queue.subscribe(4, first);
      await eventually('its window is full', () => first.deliveries.length === 16);
      const subscription = await two.queue.subscribe(4, second);
      await one.wire.close();
      await second.receives(operations.slice(0, 30).map(({ id }) => id));
      // The 14 that nobody had are there since before as well.
      assert.deepEqual(flags(second).slice(0, 16), Array(16).fill(true));
      // The broker answers an ack after it has counted what was there, which was asked at the first delivery.
      await subscription.ack(second.lastTag);
      for (const operation of operations.slice(30)) await two.queue.publish(4, [operation]);
      await second.receives(operations.map(({ id }) => id));
      assert.deepEqual(flags(second).slice(30), Array(10).fill(false));
    });

    test('a queue that is deleted ends its subscription, once', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      const inbox = new Inbox();
      const subscription = await queue.subscribe(1, inbox);
      const channel = await broker.consuming.connection?.createChannel();
      await channel?.deleteQueue(partitionQueue({ prefix: store.prefix, partitionCount: 16 }, 1));
      await eventually('it is lost', () => inbox.losses.length > 0);
      await subscription.close();
      await assert.rejects(subscription.ack(1), StrataError);
      await assert.rejects(queue.subscribe(1, new Inbox()), StrataError);
      await inbox.staysQuiet();
      assert.equal(inbox.losses.length, 1);
      assert.deepEqual(broker.state, { publishing: 'connected', consuming: 'connected' });
    });

    test('a queue that is deleted is made again for who comes back to it', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      const [lost, found] = [new Inbox(), new Inbox()];
      await queue.subscribe(1, lost);
      const channel = await broker.consuming.connection?.createChannel();
      await channel?.deleteQueue(partitionQueue({ prefix: store.prefix, partitionCount: 16 }, 1));
      await eventually('it is lost', () => lost.losses.length > 0);
      const [operation] = puts(1, 1);
      assert.ok(operation);
      await assert.rejects(queue.publish(1, [operation]), StrataError);
      await eventually('it is there again', () =>
        queue.subscribe(1, found).then(
          () => true,
          () => false,
        ),
      );
      await queue.publish(1, [operation]);
      await found.receives([operation.id]);
    });

    test('all 16 partitions at once, each in order', async () => {
      await using store = create();
      const { queue } = await store.open();
      const partitions = Array.from({ length: 16 }, (_, partition) => ({
        operations: puts(partition, 50),
        inbox: new Inbox(),
      }));
      const subscriptions = await Promise.all(partitions.map(({ inbox }, index) => queue.subscribe(index, inbox)));
      await Promise.all(
        partitions.flatMap(({ operations }, index) => operations.map((operation) => queue.publish(index, [operation]))),
      );
      for (const { operations, inbox } of partitions) await inbox.receives(operations.map(({ id }) => id));
      assert.equal((await queue.depth()).messages, 800);
      await Promise.all(
        subscriptions.map((subscription, index) => subscription.ack(partitions[index]?.inbox.lastTag ?? 0)),
      );
      await eventually('nothing waits', async () => (await queue.depth()).messages === 0);
      await queue.close();
      assert.deepEqual(
        partitions.flatMap(({ inbox }) => inbox.losses),
        [],
      );
    });

    test('a window is bounded by bytes once the size of messages is known', async () => {
      await using store = create();
      const { queue } = await store.open({ prefetchBytes: 2_000_000 });
      for (let count = 0; count < 40; count += 1) await queue.publish(0, [putOf(keyIn(0), new Uint8Array(100_000))]);
      const inbox = new Inbox();
      await queue.subscribe(0, inbox);
      await eventually('the window is full', () => inbox.deliveries.length >= 19);
      await inbox.staysQuiet();
      assert.equal(inbox.deliveries.length, 19);
      const depth = await queue.depth();
      assert.equal(depth.messages, 40);
      assert.ok(Math.abs(depth.bytes - 4_000_000) < 100_000, `${depth.bytes} bytes`);
    });
  });
}
