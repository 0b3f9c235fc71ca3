import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { OperationRefused } from '@stratakv/core';
import { keyIn, putOf } from '@stratakv/core/testing';
import { DamageWatch } from '../src/damage-watch.ts';
import { SqliteEntryStore } from '../src/entry-store.ts';
import type { Failure } from '../src/failure.ts';
import { errorOf } from '../src/thread.ts';
import type { WriterResult } from '../src/transaction.ts';
import { Writer } from '../src/writer.ts';
import { TestStore } from './store.ts';

/** An entry store whose writer fails each job in the same way. */
function failing(failure: Failure): SqliteEntryStore {
  const writer = { death: undefined, run: async (): Promise<WriterResult> => ({ failure }) };
  return new SqliteEntryStore(writer, new DamageWatch(() => {}), 0);
}

test('a batch that fails in a way nobody foresaw is refused, so that the consumer finds the operation', async () => {
  const store = failing({ code: 'internal', detail: 'x is not a function' });
  const fences = [{ partition: 1, token: 1 }];
  await assert.rejects(store.apply({ fences, operations: [putOf(keyIn(1), 'x')] }), OperationRefused);
  await assert.rejects(store.raiseFence(1), { code: 'internal' });
});

test('the words of an error that nobody foresaw are kept from clients', () => {
  for (const code of ['internal', 'refused'] as const) {
    const error = errorOf({ code, detail: 'UNIQUE constraint failed: secrets' });
    assert.equal(error.code, 'internal');
    assert.doesNotMatch(error.message, /secrets/);
    assert.match(String(error.cause), /secrets/);
  }
  assert.equal(errorOf({ code: 'unavailable', detail: 'The database failed.' }).message, 'The database failed.');
});

test('after a message that could not be sent, the answers still belong to who asked', { timeout: 10_000 }, async () => {
  const store = await TestStore.create(systemClock);
  const path = `${store.folder}/stratakv.db`;
  await store.parts.close();
  const connection = { path, isReadOnly: false, cacheBytes: 1024 ** 2 };
  const writer = await Writer.start({ connection, retentionMs: 1000 }, systemClock, new DamageWatch(() => {}));
  try {
    const unsendable = { kind: 'raise-fence', partition: 1, hook: () => {} } as const;
    assert.ok('failure' in (await writer.run(unsendable)));
    assert.ok('value' in (await writer.run({ kind: 'raise-fence', partition: 1 })));
  } finally {
    await writer.close();
    await store.close();
  }
});
