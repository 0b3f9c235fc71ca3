import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isTombstone, parseKey, StrataError, type Version } from '@stratakv/core';
import { deleteOf, eventually, keyIn, newId, putOf } from '@stratakv/core/testing';
import { counted, Fixture } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

const day = 86_400_000;

/** Puts an entry or tombstone into the store behind the consumer's back. */
function plant(key: string, version: Version, past: { expiresAt: number } | { deletedAt: number }): void {
  const parsed = parseKey(key);
  const entry = { value: new Uint8Array(), contentType: 'text/plain', meta: [], modifiedAt: 0 };
  const stored = 'deletedAt' in past ? { key: parsed, version, ...past } : { key: parsed, version, ...entry, ...past };
  fixture.store.stored.set(parsed, stored);
}

test('expired entries, old tombstones and old operations are removed in small steps', async () => {
  const past = Date.now() - 2 * day;
  const expired = Array.from({ length: 25 }, (_, index) => keyIn(3, `expired-${index}`));
  const tombstones = Array.from({ length: 7 }, (_, index) => keyIn(4, `tombstone-${index}`));
  for (const key of expired) plant(key, 5, { expiresAt: past });
  for (const key of tombstones) plant(key, 5, { deletedAt: past });
  const oldId = newId(keyIn(5), 8 * day);
  const outcome = { status: 'failed', code: 'internal' } as const;
  fixture.store.records.set(oldId, {
    id: oldId,
    action: undefined,
    key: undefined,
    outcome,
    settledAt: past - 6 * day,
  });
  const member = fixture.start({ cleanLimit: 10 });
  await eventually('all is clean', () => fixture.store.stored.size === 0 && fixture.store.records.size === 0);
  const cleaned = (kind: string) => counted(member.metrics, 'kv_cleaned_rows_total', { kind });
  await eventually('all is counted', async () => (await cleaned('operations')) === 1);
  assert.equal(await cleaned('expired'), 25);
  assert.equal(await cleaned('tombstones'), 7);
  assert.equal(member.faults.store.calls('expire') >= 3, true);
});

test('versions go on growing over entries that were removed', async () => {
  const key = keyIn(6);
  const far = Date.now() * 1000 + 1_000_000_000;
  plant(key, far, { expiresAt: Date.now() - 1000 });
  fixture.start();
  await eventually('it is removed', () => fixture.store.stored.size === 0);
  const operation = putOf(key, 'a');
  await fixture.publish(operation);
  await fixture.drained();
  const stored = fixture.store.stored.get(key);
  assert.ok(stored !== undefined && stored.version > far);
});

test('what is fresh stays', async () => {
  fixture.start();
  const key = keyIn(7);
  await fixture.publish(putOf(key, 'a', { ttlSeconds: 60 }), putOf(keyIn(7, 'gone'), 'x'), deleteOf(keyIn(7, 'gone')));
  await fixture.drained();
  await delay(80);
  assert.equal(fixture.store.stored.size, 2);
  assert.equal([...fixture.store.stored.values()].filter(isTombstone).length, 1);
});

test('a step that fails is counted and tried again, and holds no batch up', async () => {
  const member = fixture.start();
  const error = new StrataError('unavailable', 'for the test');
  for (const step of ['expire', 'pruneTombstones', 'pruneOperations'] as const) {
    member.faults.store.plan(step, { kind: 'fail', error }, 3);
  }
  plant(keyIn(8), 5, { expiresAt: Date.now() - 1000 });
  await fixture.publish(putOf(keyIn(9), 'a'));
  await fixture.drained();
  await eventually('it is removed', () => !fixture.store.stored.has(keyIn(8)));
  assert.ok((await counted(member.metrics, 'kv_clean_failures_total')) > 0);
});
