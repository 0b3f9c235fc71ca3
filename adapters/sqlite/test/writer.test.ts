import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@stratakv/adapter-in-process';
import { Inbox, keyIn, putOf, SoleConsumer } from '@stratakv/core/testing';
import { DamageWatch } from '../src/damage-watch.ts';
import { checkpointBytes } from '../src/schema.ts';
import type { WriterResult } from '../src/transaction.ts';
import { Writer } from '../src/writer.ts';
import { TestStore } from './store.ts';

const mebibyte = 1024 ** 2;
const needs = { bytes: 0, backlogBytes: 0, isGrowth: false };

function failureOf(result: WriterResult | undefined): string | undefined {
  return result !== undefined && 'failure' in result ? result.failure.code : undefined;
}

/** A writer of its own on the database of a store that is closed. */
async function onDatabase(work: (writer: Writer, path: string) => Promise<void>): Promise<void> {
  const store = await TestStore.create(systemClock);
  const { folder } = store;
  await store.parts.close();
  const connection = { path: join(folder, 'stratakv.db'), isReadOnly: false, cacheBytes: mebibyte };
  const writer = await Writer.start({ connection, retentionMs: 1000 }, systemClock, new DamageWatch(() => {}));
  try {
    await work(writer, connection.path);
  } finally {
    await writer.close();
    await store.close();
  }
}

test('of jobs in one transaction, one that is refused takes only itself back', async () => {
  await onDatabase(async (writer) => {
    const append = (sequence: number) =>
      writer.run({ kind: 'append', partition: 0, sequence, body: new Uint8Array(1), needs });
    const results = await Promise.all([append(1), append(1), append(2)]);
    assert.deepEqual(results.map(failureOf), [undefined, 'refused', undefined]);
    const removed = await writer.run({ kind: 'remove', partition: 0, throughSequence: 9 });
    assert.deepEqual(removed, { value: { messages: 2, operations: 0, bytes: 2 } });
  });
});

test('a large burst is done in order, in several transactions, and closing waits for it', async () => {
  await onDatabase(async (writer) => {
    const order: number[] = [];
    const body = new Uint8Array(3 * mebibyte);
    const jobs = [1, 2, 3, 4, 5, 6].map(async (sequence) => {
      const result = await writer.run({ kind: 'append', partition: 0, sequence, body, needs });
      assert.equal(failureOf(result), undefined);
      order.push(sequence);
    });
    await writer.close();
    await Promise.all(jobs);
    assert.deepEqual(order, [1, 2, 3, 4, 5, 6]);
  });
});

test('the write-ahead log stays bounded though there is never a moment without a reader', async () => {
  await onDatabase(async (writer, path) => {
    const look = () => {
      const reader = new DatabaseSync(path, { readOnly: true });
      reader.exec('BEGIN; SELECT count(*) FROM queue;');
      return reader;
    };
    let reader = look();
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        const next = look();
        reader.close();
        reader = next;
        await sleep(5);
      }
    })();
    const body = new Uint8Array(mebibyte);
    let largest = 0;
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      await writer.run({ kind: 'append', partition: 0, sequence, body, needs });
      await writer.run({ kind: 'remove', partition: 0, throughSequence: sequence });
      largest = Math.max(largest, statSync(`${path}-wal`).size);
    }
    isOver = true;
    await reading;
    reader.close();
    assert.ok(largest < 2 * checkpointBytes + 8 * mebibyte, `${Math.round(largest / mebibyte)} MiB`);
  });
});

test('what comes after closing is certainly not written, and says so', async () => {
  await onDatabase(async (writer) => {
    await writer.close();
    const job = { kind: 'append', partition: 0, sequence: 1, body: new Uint8Array(1), needs } as const;
    assert.equal(failureOf(await writer.run(job)), 'unavailable');
  });
});

test('closing the store writes all that was handed over', async () => {
  const store = await TestStore.create(systemClock);
  try {
    const operations = Array.from({ length: 50 }, (_, index) => putOf(keyIn(3), String(index)));
    const publishing = operations.map((operation) => store.parts.queue.publish(3, [operation]));
    const reopened = await store.open();
    await Promise.all(publishing);
    const inbox = new Inbox();
    await reopened.queue.subscribe(3, inbox);
    await inbox.receives(operations.map(({ id }) => id));
  } finally {
    await store.close();
  }
});

test('an accepted value always has room to be applied, up to the bound', async () => {
  const store = await TestStore.create(systemClock, { maxBytes: 8 * mebibyte });
  try {
    const { queue, store: entries } = store.parts;
    const operations = Array.from({ length: 12 }, (_, index) => putOf(`large-${index}`, new Uint8Array(mebibyte)));
    const published = await Promise.allSettled(operations.map((operation) => queue.publish(0, [operation])));
    const accepted = operations.filter((_, index) => published[index]?.status === 'fulfilled');
    assert.ok(accepted.length >= 2 && accepted.length < 12, `${accepted.length} were accepted`);
    for (const result of published) if (result.status === 'rejected') assert.equal(result.reason.code, 'storage-full');
    await new SoleConsumer(entries).apply(...accepted);
  } finally {
    await store.close();
  }
});

test('damage found by a read is told once, and ends the taking of writes', async () => {
  const told: string[] = [];
  const store = await TestStore.create(systemClock, { onDamage: (detail) => told.push(detail) });
  try {
    const path = join(store.folder, 'stratakv.db');
    await new SoleConsumer(store.parts.store).apply(putOf('key', 'findable '.repeat(1000)));
    await store.parts.close();
    const bytes = await readFile(path);
    const page = Math.floor(bytes.indexOf('findable') / 4096);
    await writeFile(path, bytes.fill(0xa5, page * 4096, (page + 1) * 4096));
    const { reader, queue, store: entries } = await store.open();
    const unavailable = { code: 'unavailable' };
    await assert.rejects(reader.batchGet([putOf('key', '').key]), unavailable);
    await assert.rejects(reader.batchGet([putOf('key', '').key]), unavailable);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /damaged.*backup/);
    for (const part of [reader, queue, entries]) await assert.rejects(part.check(), unavailable);
    await assert.rejects(queue.publish(0, [putOf(keyIn(0), 'x')]), unavailable);
  } finally {
    await store.close();
  }
});
