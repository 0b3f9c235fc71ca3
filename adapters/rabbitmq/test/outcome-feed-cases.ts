import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OperationRecord } from '@stratakv/core';
import { eventually, newId } from '@stratakv/core/testing';
import { RabbitMqOutcomeFeed } from '../src/index.ts';
import type { CreateStore } from './test-store.ts';

const record = (): OperationRecord => ({
  id: newId('key'),
  action: undefined,
  key: undefined,
  outcome: { status: 'failed', code: 'not-accepted' },
  settledAt: 1_763_702_400_000,
});

/** Outcomes over connections that come and go. */
export function outcomeFeedCases(create: CreateStore): void {
  describe('outcome feed', () => {
    test('an address stays valid over a lost connection, also when the broker has not noticed the loss', async () => {
      await using store = create();
      const [gateway, consumer] = [await store.connect(), await store.connect()];
      const got: OperationRecord[] = [];
      const address = await new RabbitMqOutcomeFeed(gateway.broker).listen((each) => void got.push(each));
      const feed = new RabbitMqOutcomeFeed(consumer.broker);
      const arrives = async () => {
        await feed.notify([{ replyTo: address, record: record() }]);
        return got.length > 0;
      };
      await eventually('a notice comes', arrives);
      gateway.wire.cutQuietly();
      await eventually('the loss is noticed here', () => store.events.some(({ kind }) => kind === 'disconnected'));
      await gateway.broker.consuming.connected();
      got.length = 0;
      await eventually('a notice comes after the reconnect', arrives);
    });

    test('nothing waits for a broker that is away', async () => {
      await using store = create();
      const { broker, wire } = await store.connect();
      const feed = new RabbitMqOutcomeFeed(broker);
      await wire.close();
      await eventually('the loss is noticed', () => broker.state.publishing === 'connecting');
      await feed.notify([{ replyTo: 'somebody', record: record() }]);
      assert.match(await feed.listen(() => {}), /^kv\.outcomes\./);
      await feed.close();
      await assert.rejects(
        feed.listen(() => {}),
        { code: 'unavailable' },
      );
    });

    test('a message that is no outcome is reported and harms no other', async () => {
      await using store = create();
      const { broker } = await store.connect();
      const feed = new RabbitMqOutcomeFeed(broker);
      const got: OperationRecord[] = [];
      const address = await feed.listen((each) => void got.push(each));
      const channel = await broker.publishing.connection?.createChannel();
      channel?.publish('amq.direct', address, Buffer.from('nonsense'));
      await eventually('it is reported', () => store.events.some(({ kind }) => kind === 'notice-damaged'));
      const sent = record();
      await feed.notify([{ replyTo: 'x'.repeat(300), record: record() }]);
      await feed.notify([{ replyTo: address, record: sent }]);
      await eventually('the next one comes', () => got.length === 1);
      assert.deepEqual(got, [sent]);
    });
  });
}
