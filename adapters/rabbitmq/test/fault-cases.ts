import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import { eventually, Inbox, keyIn, putOf } from '@stratakv/core/testing';
import type { TestRabbitMq } from '@stratakv/native/testing';
import { RabbitMqOutcomeFeed } from '../src/index.ts';
import { evaluate } from './evaluate.ts';
import { TestStore } from './test-store.ts';

const put = (partition: number) => putOf(keyIn(partition), 'value');
const codeOf = (error: unknown) => (error instanceof StrataError ? error.code : error);
const isRefused = (promise: Promise<unknown>) =>
  promise.then(
    () => false,
    () => true,
  );

/** What a broker that fails does to those who use it. Goes on until it is well again. */
export function faultCases(server: () => TestRabbitMq): void {
  describe('a broker that fails', () => {
    test('with an alarm it takes no writes: refused at once, with the time to come again; reads of the queue go on', async () => {
      await using store = new TestStore(server());
      const { queue, broker } = await store.open();
      const inbox = new Inbox();
      const subscription = await queue.subscribe(0, inbox);
      await queue.publish(0, [put(0)]);
      await evaluate(server(), 'vm_memory_monitor:set_vm_memory_high_watermark(0.00001).');
      try {
        await eventually('the alarm is heard', () =>
          queue.check().then(
            () => false,
            (error: unknown) => codeOf(error) === 'overloaded',
          ),
        );
        assert.equal(broker.state.publishing, 'blocked');
        const startedAt = performance.now();
        await assert.rejects(queue.publish(0, [put(0)]), (error) => {
          assert.ok(error instanceof StrataError && error.code === 'overloaded');
          assert.ok((error.extensions.retryAfterSeconds ?? 0) > 0);
          return true;
        });
        assert.ok(performance.now() - startedAt < 100);
        // Nobody waits for a notice, and what is queued is applied.
        await new RabbitMqOutcomeFeed(broker).notify([]);
        await eventually('it was delivered', () => inbox.deliveries.length === 1);
        await subscription.ack(inbox.lastTag);
        assert.equal((await queue.depth()).messages, 0);
        // A process that starts now learns of the alarm before its first write.
        const late = await store.open({ topology: 'check' });
        await assert.rejects(late.queue.publish(0, [put(0)]), { code: 'overloaded' });
      } finally {
        await evaluate(server(), 'vm_memory_monitor:set_vm_memory_high_watermark({absolute, "1GB"}).');
      }
      await eventually('it takes writes again', () =>
        queue.publish(0, [put(0)]).then(
          () => true,
          () => false,
        ),
      );
      const kinds = store.events
        .filter(({ kind }) => kind === 'blocked' || kind === 'unblocked')
        .map(({ kind }) => kind);
      assert.ok(kinds.includes('blocked') && kinds.includes('unblocked'));
    });

    test('a queue that does not confirm takes no more, the others do not suffer', async () => {
      await using store = new TestStore(server());
      const { queue } = await store.open();
      await evaluate(server(), `sys:suspend('%2F_${store.prefix}.p16.5').`);
      const stuck = queue.publish(5, [put(5)]);
      await eventually('it is noticed', () => isRefused(queue.check()));
      await assert.rejects(queue.publish(5, [put(5)]), { code: 'unavailable' });
      await queue.publish(6, [put(6)]);
      await evaluate(server(), `sys:resume('%2F_${store.prefix}.p16.5').`);
      await stuck;
      await queue.publish(5, [put(5)]);
    });

    test('writes are refused at once when none of three queues confirms, not when two of them do not', async () => {
      await using store = new TestStore(server());
      const { queue } = await store.open();
      const gateway = (await store.open({ topology: 'check' })).queue;
      const suspend = (numbers: string) =>
        `[sys:suspend(binary_to_atom(<<"%2F_${store.prefix}.probe.", N>>)) || N <- "${numbers}"].`;
      await evaluate(server(), suspend('01'));
      await delay(4_000);
      await Promise.all([gateway.check(), gateway.publish(0, [put(0)])]);
      await evaluate(server(), suspend('2'));
      await eventually('it is noticed', () => isRefused(gateway.check()));
      const startedAt = performance.now();
      await assert.rejects(gateway.publish(1, [put(1)]), (error) => {
        assert.ok(error instanceof StrataError && error.code === 'unavailable');
        assert.ok((error.extensions.retryAfterSeconds ?? 0) > 0);
        return true;
      });
      assert.ok(performance.now() - startedAt < 200);
      const letter = { partition: 1, body: Uint8Array.of(1), reason: 'for the test', ids: [] };
      await eventually('the other process notices too', () => isRefused(queue.check()));
      await assert.rejects(queue.deadLetter(letter), { code: 'unavailable' });
      await evaluate(server(), suspend('2').replace('suspend', 'resume'));
      await eventually('it is over', async () => !(await isRefused(gateway.check())));
      await gateway.publish(1, [put(1)]);
      await evaluate(server(), suspend('01').replace('suspend', 'resume'));
      // What is dropped is no dead letter.
      assert.equal((await queue.depth()).deadLetters, 0);
    });

    test('killed while it takes writes: each is confirmed, refused or unknown; the confirmed ones are there', async () => {
      const [node] = server().nodes;
      assert.ok(node);
      await using store = new TestStore(server());
      const { queue, broker } = await store.open();
      const lost = new Inbox();
      await queue.subscribe(1, lost);
      const outcomes = new Map<string, unknown>();
      let isDown = false;
      const writer = (async () => {
        while (!isDown) {
          const batch = Array.from({ length: 20 }, () => put(0));
          await Promise.all(
            batch.map((operation) =>
              queue.publish(0, [operation]).then(
                () => outcomes.set(operation.id, 'confirmed'),
                (error) => outcomes.set(operation.id, codeOf(error)),
              ),
            ),
          );
          await delay(5);
        }
      })();
      await eventually('writes are confirmed', () => outcomes.size >= 200);
      await node.kill();
      await eventually('the loss is noticed', () => lost.losses.length === 1);
      isDown = true;
      await writer;
      const codes = new Set(outcomes.values());
      assert.ok(codes.has('outcome-unknown'), [...codes].join());
      assert.deepEqual(
        [...codes].filter((code) => !['confirmed', 'outcome-unknown', 'unavailable'].includes(String(code))),
        [],
      );
      await assert.rejects(queue.publish(0, [put(0)]), { code: 'unavailable' });

      await node.start();
      await eventually('it takes writes again', () =>
        queue.check().then(
          () => true,
          () => false,
        ),
      );
      const last = put(0);
      await queue.publish(0, [last]);
      await broker.consuming.connected();
      const inbox = new Inbox();
      await queue.subscribe(0, inbox);
      await eventually('all have come', () => inbox.ids.at(-1) === last.id);
      const came = inbox.ids;
      const confirmed = [...outcomes].filter(([, code]) => code === 'confirmed').map(([id]) => id);
      const positions = confirmed.map((id) => came.indexOf(id as (typeof came)[number]));
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
        'in the order they were written',
      );
      assert.ok(!positions.includes(-1), 'every confirmed one is there');
      assert.equal(new Set(came).size, came.length, 'none is there twice');
      const refused = [...outcomes].filter(([, code]) => code === 'unavailable').map(([id]) => id);
      assert.deepEqual(
        came.filter((id) => refused.includes(id)),
        [],
      );
      assert.equal(lost.losses.length, 1);
    });
  });
}
