import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeOperations } from '@stratakv/core';
import { eventually, Inbox, keyIn, putOf } from '@stratakv/core/testing';
import { readDeadLetters, type StoredDeadLetter } from '../src/index.ts';
import { partitionQueue } from '../src/topology.ts';
import type { CreateStore } from './test-store.ts';

/** What an operator does with the dead letters. */
export function deadLetterCases(create: CreateStore): void {
  describe('dead letters', () => {
    test('they are read in order, and stay until they are removed', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      const operations = [putOf(keyIn(7), 'value')];
      const ids = operations.map(({ id }) => id);
      const before = Date.now();
      await queue.deadLetter({ partition: 7, body: encodeOperations(operations), reason: 'for the test', ids });
      await queue.deadLetter({ partition: 8, body: Uint8Array.of(1, 2), reason: 'x'.repeat(5_000), ids: [] });
      await queue.deadLetter({ partition: 9, body: new Uint8Array(), reason: '', ids: Array(3_000).fill(ids[0]) });
      const read = async () => {
        const letters: StoredDeadLetter[] = [];
        for await (const letter of readDeadLetters(broker, store)) letters.push(letter);
        return letters;
      };
      const [first, second, third, ...more] = await read();
      assert.ok(first && second && third && more.length === 0);
      assert.deepEqual([first.partition, first.reason, first.ids], [7, 'for the test', ids]);
      assert.ok(first.setAsideAt !== undefined && first.setAsideAt >= before && first.setAsideAt <= Date.now());
      assert.deepEqual(
        first.operations?.map(({ id }) => id),
        ids,
      );
      assert.deepEqual([second.partition, second.operations, [...second.body]], [8, undefined, [1, 2]]);
      assert.equal(second.reason.length, 1_000);
      assert.deepEqual([third.partition, third.ids.length, third.body.length], [9, 1_000, 0]);
      for await (const letter of readDeadLetters(broker, store)) if (letter.partition !== 8) await letter.remove();
      await eventually('one is left', async () => (await queue.depth()).deadLetters === 1);
      for await (const letter of readDeadLetters(broker, store)) {
        assert.equal(letter.partition, 8);
        break;
      }
      assert.equal((await read()).length, 1);
    });

    test('what the broker itself sets aside is found there too', async () => {
      await using store = create();
      const { queue, broker } = await store.open();
      await queue.publish(5, [putOf(keyIn(5), 'value')]);
      const channel = await broker.consuming.connection?.createChannel();
      assert.ok(channel);
      const name = partitionQueue({ prefix: store.prefix, partitionCount: 16 }, 5);
      // As when somebody works on the queue with another tool.
      await channel.consume(name, (message) => message && channel.reject(message, false));
      const letter = await eventually('it is a dead letter', async () => {
        for await (const found of readDeadLetters(broker, store)) return found;
        return undefined;
      });
      assert.equal(letter.partition, 5);
      assert.match(letter.reason, /set aside by the broker: rejected/);
      assert.equal(letter.operations?.length, 1);
    });

    test('many outages make no dead letters', async () => {
      await using store = create();
      const { queue } = await store.open();
      const operation = putOf(keyIn(6), 'value');
      await queue.publish(6, [operation]);
      for (let outage = 0; outage < 30; outage += 1) {
        const inbox = new Inbox();
        const subscription = await queue.subscribe(6, inbox);
        await inbox.receives([operation.id]);
        await subscription.close();
      }
      const { deadLetters } = await queue.depth();
      assert.equal(deadLetters, 0);
    });
  });
}
