import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StrataError } from '../errors.ts';
import { eventually } from './eventually.ts';
import { Inbox } from './inbox.ts';
import type { CreateQueue, QueueHarness } from './operation-queue-suite.ts';
import { keyIn, newId, putOf } from './sample-operations.ts';

type Case = (harness: QueueHarness) => Promise<void>;

const puts = (partition: number, count: number) =>
  Array.from({ length: count }, (_, index) => putOf(keyIn(partition), String(index)));

/** What a queue keeps over closed subscriptions, crashes and a broker that is gone. */
export function queueRecoveryCases(create: CreateQueue, canBeCutOff: boolean): void {
  const queueTest = (title: string, body: Case) =>
    test(title, async () => {
      const harness = await create();
      try {
        await body(harness);
      } finally {
        await harness.close();
      }
    });

  queueTest('what was published is there after a crash, in order', async ({ queue, reopen }) => {
    const operations = puts(0, 20);
    for (const operation of operations) await queue.publish(0, [operation]);
    const inbox = new Inbox();
    await (await reopen()).subscribe(0, inbox);
    await inbox.receives(operations.map(({ id }) => id));
  });

  queueTest('a closed subscription gives back what was not acked, in order', async ({ queue }) => {
    const operations = puts(1, 10);
    for (const operation of operations) await queue.publish(1, [operation]);
    const before = new Inbox();
    const first = await queue.subscribe(1, before);
    await before.receives(operations.map(({ id }) => id));
    await first.ack(before.deliveries[3]?.tag ?? 0);
    await first.close();
    const after = new Inbox();
    await queue.subscribe(1, after);
    await after.receives(operations.slice(4).map(({ id }) => id));
    await after.staysQuiet();
  });

  queueTest('what was there before a subscription is marked, what comes later is not', async ({ queue, reopen }) => {
    const operations = puts(11, 4);
    const flags = ({ deliveries }: Inbox) => deliveries.map(({ isRedelivered }) => isRedelivered);
    for (const operation of operations.slice(0, 2)) await queue.publish(11, [operation]);
    const before = new Inbox();
    const first = await queue.subscribe(11, before);
    await before.receives(operations.slice(0, 2).map(({ id }) => id));
    for (const operation of operations.slice(2)) await queue.publish(11, [operation]);
    await before.receives(operations.map(({ id }) => id));
    assert.deepEqual(flags(before), [true, true, false, false]);
    await first.close();
    const after = new Inbox();
    await queue.subscribe(11, after);
    await after.receives(operations.map(({ id }) => id));
    assert.deepEqual(flags(after), [true, true, true, true]);
    const reopened = await reopen();
    const last = new Inbox();
    await reopened.subscribe(11, last);
    await last.receives(operations.map(({ id }) => id));
    const [next] = puts(11, 1);
    assert.ok(next);
    await reopened.publish(11, [next]);
    await eventually('the next one came', () => last.deliveries.length === 5);
    assert.deepEqual(flags(last), [true, true, true, true, false]);
  });

  queueTest('a closed subscription gets nothing more and was not lost', async ({ queue }) => {
    const inbox = new Inbox();
    const subscription = await queue.subscribe(2, inbox);
    await subscription.close();
    const [operation] = puts(2, 1);
    assert.ok(operation);
    await queue.publish(2, [operation]);
    await inbox.staysQuiet();
    assert.deepEqual(inbox.deliveries, []);
    assert.deepEqual(inbox.losses, []);
    const next = new Inbox();
    await queue.subscribe(2, next);
    await next.receives([operation.id]);
  });

  queueTest('what was acked never comes again, the rest comes in order after a crash', async ({ queue, reopen }) => {
    const operations = puts(3, 10);
    for (const operation of operations) await queue.publish(3, [operation]);
    const before = new Inbox();
    const subscription = await queue.subscribe(3, before);
    await before.receives(operations.map(({ id }) => id));
    await subscription.ack(before.deliveries[5]?.tag ?? 0);
    const after = new Inbox();
    await (await reopen()).subscribe(3, after);
    await after.receives(operations.slice(6).map(({ id }) => id));
    await after.staysQuiet();
  });

  queueTest('a queue emptied by acks stays empty after a crash and takes new messages', async ({ queue, reopen }) => {
    const [first, second] = [puts(4, 5), puts(4, 5)];
    await Promise.all(first.map((operation) => queue.publish(4, [operation])));
    const before = new Inbox();
    const subscription = await queue.subscribe(4, before);
    await before.receives(first.map(({ id }) => id));
    await subscription.ack(before.lastTag);
    const reopened = await reopen();
    await eventually('nothing waits', async () => (await reopened.depth()).messages === 0);
    const after = new Inbox();
    await reopened.subscribe(4, after);
    await after.staysQuiet();
    for (const operation of second) await reopened.publish(4, [operation]);
    await after.receives(second.map(({ id }) => id));
  });

  queueTest('a second subscriber takes over only after the first has closed', async ({ queue }) => {
    const operations = puts(5, 4);
    const first = new Inbox();
    const subscription = await queue.subscribe(5, first);
    const second = new Inbox();
    // Whether the second subscription resolves before it is its turn, or then, is the adapter's choice.
    const waiting = queue.subscribe(5, second);
    await delay(50);
    for (const operation of operations) await queue.publish(5, [operation]);
    await first.receives(operations.map(({ id }) => id));
    await second.staysQuiet();
    assert.deepEqual(second.deliveries, []);
    await subscription.ack(first.deliveries[0]?.tag ?? 0);
    await subscription.close();
    await waiting;
    await second.receives(operations.slice(1).map(({ id }) => id));
    assert.equal(first.deliveries.length, operations.length);
  });

  queueTest('handing a partition over many times loses nothing and keeps the order', async ({ queue }) => {
    const operations = puts(6, 12);
    for (const operation of operations) await queue.publish(6, [operation]);
    for (let taken = 0; taken < operations.length; taken += 1) {
      const inbox = new Inbox();
      const subscription = await queue.subscribe(6, inbox);
      await inbox.receives(operations.slice(taken).map(({ id }) => id));
      await subscription.ack(inbox.deliveries[0]?.tag ?? 0);
      await subscription.close();
    }
    await eventually('nothing waits', async () => (await queue.depth()).messages === 0);
  });

  queueTest('handing over while others publish loses nothing and keeps the order', async ({ queue }) => {
    const operations = puts(10, 400);
    const publishing = (async () => {
      for (let start = 0; start < operations.length; start += 5) {
        await Promise.all(operations.slice(start, start + 5).map((operation) => queue.publish(10, [operation])));
      }
    })();
    for (let taken = 0; taken < operations.length; ) {
      const inbox = new Inbox();
      const subscription = await queue.subscribe(10, inbox);
      const [first] = await eventually('something is delivered', () => inbox.deliveries.length > 0 && inbox.deliveries);
      assert.ok(first);
      // Some are acked, some not, and some may be on their way while the subscription closes.
      const acked = Math.ceil(inbox.deliveries.length / 2);
      await subscription.ack(inbox.deliveries[acked - 1]?.tag ?? first.tag);
      await subscription.close();
      const ids = inbox.ids;
      const expected = operations.slice(taken, taken + ids.length).map(({ id }) => id);
      assert.deepEqual(ids, expected);
      taken += acked;
    }
    await publishing;
    await eventually('nothing waits', async () => (await queue.depth()).messages === 0);
  });

  queueTest('dead letters are counted, also after a crash, and hold nothing up', async ({ queue, reopen }) => {
    const [operation] = puts(7, 1);
    assert.ok(operation);
    await queue.publish(7, [operation]);
    const inbox = new Inbox();
    const subscription = await queue.subscribe(7, inbox);
    await inbox.receives([operation.id]);
    const body = inbox.deliveries[0]?.body ?? new Uint8Array();
    await queue.deadLetter({ partition: 7, body, reason: 'for the test', ids: [operation.id, newId(keyIn(7))] });
    await queue.deadLetter({ partition: 8, body: new Uint8Array(), reason: 'nothing readable', ids: [] });
    await subscription.ack(inbox.lastTag);
    const reopened = await reopen();
    const depth = await eventually('2 dead letters', async () => {
      const now = await reopened.depth();
      return now.deadLetters === 2 && now;
    });
    assert.equal(depth.messages, 0);
  });

  if (!canBeCutOff) return;
  queueTest('without its broker it says so, and ends its subscriptions', async ({ queue, cutOff }) => {
    assert.ok(cutOff, 'the harness can cut the queue off');
    const inbox = new Inbox();
    await queue.subscribe(9, inbox);
    await cutOff();
    await eventually('the subscription is lost', () => inbox.losses.length > 0);
    const codes = new Set(['unavailable', 'overloaded', 'outcome-unknown']);
    const isCoded = (error: unknown) => error instanceof StrataError && codes.has(error.code);
    await assert.rejects(queue.publish(9, puts(9, 1)), isCoded);
    await assert.rejects(queue.check());
    assert.equal(inbox.losses.length, 1);
  });
}
