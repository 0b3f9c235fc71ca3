import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import { eventually, Inbox, keyIn, putOf } from '@stratakv/core/testing';
import { partitionQueue } from '../src/topology.ts';
import type { CreateStore } from './test-store.ts';

const is =
  (...codes: readonly string[]) =>
  (error: unknown) =>
    error instanceof StrataError && codes.includes(error.code);

const put = (partition: number, bytes = 10) => putOf(keyIn(partition), new Uint8Array(bytes));

/** What a publish is told when it does not go well, with a healthy broker at the other end. */
export function publishingCases(create: CreateStore): void {
  describe('publishing', () => {
    test('a message without a queue comes back and is certainly not queued', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      const channel = await broker.consuming.connection?.createChannel();
      assert.ok(channel);
      const name = partitionQueue({ prefix: store.prefix, partitionCount: 16 }, 3);
      await channel.deleteQueue(name);
      await assert.rejects(queue.publish(3, [put(3)]), is('unavailable'));
      // The others are not in its way.
      await queue.publish(4, [put(4)]);
      assert.deepEqual(queue.unconfirmed, { messages: 0, bytes: 0 });
    });

    test('a full queue refuses with the time to come again, and takes more when there is room', async () => {
      await using store = create();
      const { queue } = await store.open({ maxPartitionBytes: 100_000 });
      let refused: unknown;
      let accepted = 0;
      for (let count = 0; count < 500 && refused === undefined; count += 1) {
        try {
          await queue.publish(0, [put(0, 10_000)]);
          accepted += 1;
        } catch (error) {
          refused = error;
        }
      }
      assert.ok(refused instanceof StrataError && refused.code === 'overloaded', String(refused));
      assert.ok((refused.extensions.retryAfterSeconds ?? 0) > 0);
      await queue.publish(1, [put(1)]);
      const inbox = new Inbox();
      const subscription = await queue.subscribe(0, inbox);
      await eventually('what was accepted comes', () => inbox.deliveries.length >= accepted);
      await subscription.ack(inbox.lastTag);
      await eventually('there is room', () =>
        queue.publish(0, [put(0)]).then(
          () => true,
          () => false,
        ),
      );
      await eventually('the next one comes', () => inbox.deliveries.length === accepted + 1);
      await inbox.staysQuiet();
    });

    test('what is on its way when the connection is lost may be queued or not; what waited here is not', async () => {
      await using store = create();
      const { queue, wire } = await store.open();
      wire.freeze();
      // More than the channel, the socket and the wire take in.
      const publishes = Array.from({ length: 60 }, () => queue.publish(2, [put(2, 1_000_000)]));
      const results = Promise.allSettled(publishes);
      await eventually('they are on their way', () => queue.unconfirmed.messages === 60);
      wire.cut();
      const codes = (await results).map((result) =>
        result.status === 'rejected' && result.reason instanceof StrataError ? result.reason.code : result.status,
      );
      const firstUnsent = codes.indexOf('unavailable');
      assert.ok(firstUnsent > 0, codes.join());
      assert.ok(codes.every((code, index) => code === (index < firstUnsent ? 'outcome-unknown' : 'unavailable')));
      assert.deepEqual(queue.unconfirmed, { messages: 0, bytes: 0 });
    });

    test('without a connection it refuses at once, and goes on by itself when there is one', async () => {
      await using store = create();
      const { queue, wire } = await store.open();
      wire.cut();
      await eventually('the loss is noticed', async () => {
        const error: unknown = await queue.publish(2, [put(2)]).catch((cause: unknown) => cause);
        return is('unavailable')(error);
      });
      await eventually('it is back', () =>
        queue.check().then(
          () => true,
          () => false,
        ),
      );
      await queue.publish(2, [put(2)]);
    });

    test('bytes that wait for confirms are bounded', async () => {
      await using store = create();
      const { queue } = await store.open({ maxUnconfirmedBytes: 1_500_000 });
      const publishes = Array.from({ length: 20 }, () => queue.publish(0, [put(0, 500_000)]));
      const results = await Promise.allSettled(publishes);
      const refused = results.filter((result) => result.status === 'rejected');
      assert.ok(refused.length > 0 && refused.length < 20);
      assert.ok(refused.every(({ reason }) => is('overloaded')(reason)));
      const accepted = 20 - refused.length;
      await eventually('the others wait', async () => (await queue.depth()).messages === accepted);
      // One that is larger than the bound is taken when it is alone.
      await queue.publish(0, [put(0, 3_000_000)]);
    });

    test('when nothing is confirmed any more, no partition takes more', async () => {
      await using store = create();
      const { queue, wire } = await store.open({ stallMs: 300 });
      wire.freeze();
      const stuck = assert.rejects(queue.publish(5, [put(5)]), is('outcome-unknown'));
      await delay(1_000);
      for (const partition of [5, 6])
        await assert.rejects(queue.publish(partition, [put(partition)]), is('unavailable'));
      await assert.rejects(queue.check(), is('unavailable'));
      wire.cut();
      await stuck;
    });

    test('an operation that cannot be encoded harms no other', async () => {
      await using store = create();
      const { queue } = await store.open();
      await assert.rejects(queue.publish(0, [{ ...put(0), contentType: '\ud800' }]));
      await queue.publish(0, [put(0)]);
    });

    test('refused again and again, it goes on once there is room, also when it is never idle', async () => {
      await using store = create();
      const { queue } = await store.open({ maxPartitionBytes: 50_000 });
      const inbox = new Inbox();
      let isFull = false;
      let isOn = true;
      let confirmed = 0;
      const writers = Array.from({ length: 10 }, async () => {
        while (isOn) {
          await queue.publish(0, [put(0, 10_000)]).then(
            () => {
              confirmed += 1;
            },
            (error) => {
              isFull ||= is('overloaded')(error);
            },
          );
          await delay(1);
        }
      });
      await eventually('it is full', () => isFull);
      // Longer than a channel is kept after a refusal.
      await delay(1_500);
      const subscription = await queue.subscribe(0, inbox);
      const before = confirmed;
      await eventually('it takes writes again', async () => {
        if (inbox.deliveries.length > 0) await subscription.ack(inbox.lastTag);
        return confirmed > before + 100;
      });
      isOn = false;
      await Promise.all(writers);
      await eventually('every confirmed one comes, once', async () => {
        await subscription.ack(inbox.lastTag);
        return inbox.deliveries.length === confirmed;
      });
    });

    test('a queue that is closed says so', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      await queue.close();
      await assert.rejects(queue.publish(0, [put(0)]), is('unavailable'));
      await assert.rejects(queue.subscribe(0, new Inbox()), is('unavailable'));
      await assert.rejects(queue.check(), is('unavailable'));
      // One that is not ready yet does not get stuck on its way to be.
      const waiting = store.queueOn(broker, { topology: 'check', partitionCount: 5 });
      const ready = assert.rejects(waiting.ready(), is('unavailable'));
      await waiting.close();
      await ready;
      await broker.close();
      assert.deepEqual(broker.state, { publishing: 'closed', consuming: 'closed' });
    });

    test('the broker is told who is connected, and says what it is', async () => {
      await using store = create();
      const { broker } = await store.open();
      assert.deepEqual(broker.state, { publishing: 'connected', consuming: 'connected' });
      const connected = store.events.filter((event) => event.kind === 'connected');
      assert.deepEqual(new Set(connected.map(({ link }) => link)), new Set(['publishing', 'consuming']));
      for (const { product, version } of connected) {
        assert.equal(product, 'RabbitMQ');
        assert.match(version, /^\d+\.\d+/);
      }
    });
  });
}
