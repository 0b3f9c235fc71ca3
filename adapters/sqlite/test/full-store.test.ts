import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { decodeOperations, encodeOperations, type QueuedOperation } from '@stratakv/core';
import { Inbox, idempotencyOf, keyIn, putOf, SoleConsumer } from '@stratakv/core/testing';
import { countOperations } from '../src/queue-table.ts';
import { Room } from '../src/room.ts';
import { createRunner, type WriterResult } from '../src/transaction.ts';
import { TestStore } from './store.ts';

const mebibyte = 1024 ** 2;

/** Messages of many small operations, with long keys, until there is no room for one more. */
async function fill(store: TestStore, partition: number): Promise<QueuedOperation[][]> {
  const accepted: QueuedOperation[][] = [];
  try {
    for (;;) {
      const stem = `${accepted.length}-${'k'.repeat(100)}`;
      const operations = Array.from({ length: 64 }, (_, index) => {
        const idempotency = idempotencyOf(`${index}-${accepted.length}-${'i'.repeat(20)}`);
        return putOf(keyIn(partition, `${index}-${stem}`), 'v', { idempotency });
      });
      await store.parts.queue.publish(partition, operations);
      accepted.push(operations);
    }
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'storage-full');
    return accepted;
  }
}

async function applyAll(store: TestStore, partition: number, accepted: readonly QueuedOperation[][]): Promise<void> {
  const { queue, store: entries } = store.parts;
  const consumer = new SoleConsumer(entries);
  const inbox = new Inbox();
  const subscription = await queue.subscribe(partition, inbox);
  await inbox.receives(accepted.flat().map(({ id }) => id));
  for (const { body } of inbox.deliveries) await consumer.apply(...decodeOperations(body));
  // Only now: the acks may come behind what was applied, and no room may be needed from them.
  await subscription.ack(inbox.deliveries.at(-1)?.tag ?? 0);
  assert.deepEqual(await queue.depth(), { messages: 0, bytes: 0, deadLetters: 0 });
}

test('a store that is full applies all it accepted, in messages of many operations', async () => {
  const store = await TestStore.create(systemClock, { maxBytes: 4 * mebibyte });
  try {
    const accepted = await fill(store, 3);
    assert.ok(accepted.length > 4, `${accepted.length} messages were accepted`);
    await store.open();
    const more = await fill(store, 3);
    // One may differ by a few bytes from the message that was refused.
    assert.ok(more.length <= 1, 'what waits is counted the same after a start');
    await applyAll(store, 3, [...accepted, ...more]);
  } finally {
    await store.close();
  }
});

test('the operations of a message are counted from its front, a damaged one by what fits', () => {
  const body = encodeOperations([putOf('a', '1'), putOf('b', '2'), putOf('c', '3')]);
  assert.equal(countOperations(body.subarray(0, 6), body.length), 3);
  body.fill(0xff, 2, 6);
  assert.ok(countOperations(body, body.length) < 10);
  assert.equal(countOperations(new Uint8Array(1), 1), 0);
});

/** A database whose commits find no room while more than `mostBytes` wait in the queue: a stand-in for a full disk. */
function filledUp(path: string, mostBytes: number): DatabaseSync {
  const database = new DatabaseSync(path);
  const size = database.prepare('SELECT coalesce(sum(length(body)), 0) AS bytes FROM queue');
  const prepare = database.prepare.bind(database);
  database.prepare = (sql: string) => {
    const statement = prepare(sql);
    if (sql !== 'COMMIT') return statement;
    const run = () => {
      if (Number(size.get()?.bytes) <= mostBytes) return statement.run();
      throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    };
    return { run } as unknown as StatementSync;
  };
  return database;
}

test('an ack gets through beside a message for which the disk has no room', async () => {
  const store = await TestStore.create(systemClock);
  const path = join(store.folder, 'stratakv.db');
  await store.parts.close();
  const database = filledUp(path, 3000);
  try {
    const run = createRunner(database, { room: new Room(database, { path, maxBytes: undefined }), retentionMs: 1000 });
    const needs = { bytes: 0, backlogBytes: 0, isGrowth: false };
    const append = (sequence: number, bytes: number) =>
      ({ kind: 'append', partition: 0, sequence, body: new Uint8Array(bytes), needs }) as const;
    run({ jobs: [append(1, 1000)], nowMs: 0 });
    const ack = { kind: 'remove', partition: 0, throughSequence: 1 } as const;
    const [refused, acked] = run({ jobs: [append(2, 4000), ack], nowMs: 0 }) as [WriterResult, WriterResult];
    assert.equal('failure' in refused && refused.failure.code, 'storage-full');
    assert.deepEqual(acked, { value: { messages: 1, operations: 0, bytes: 1000 } });
  } finally {
    database.close();
    await store.close();
  }
});
