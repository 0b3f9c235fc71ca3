import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { defaultPartitionCount, isTombstone, type Operation, StrataError } from '@stratakv/core';
import { deleteOf, keyIn, putOf } from '@stratakv/core/testing';
import { Fixture, type Member } from './fixture.ts';

const unavailable = new StrataError('unavailable', 'for the test');

/** Something goes wrong somewhere, and is over soon. */
function disturb(fixture: Fixture, members: readonly Member[]): void {
  const partition = Math.floor(Math.random() * defaultPartitionCount);
  const member = members[Math.floor(Math.random() * members.length)];
  const call = Math.floor(Math.random() * 6);
  if (call === 0) fixture.queue.cut(partition);
  else if (call === 1) void fixture.store.raiseFence(partition);
  else if (call === 2) fixture.table.holds.delete(partition);
  else if (call === 3) member?.faults.store.plan('apply', { kind: 'fail-after', error: unavailable }, 1);
  else if (call === 4) member?.faults.store.plan('apply', { kind: 'twice' }, 1);
  else member?.faults.cache.plan('put', { kind: 'fail', error: unavailable }, 1);
}

test('whatever goes wrong, each operation is applied once and in the order of its key', async (t) => {
  const fixture = new Fixture();
  t.after(() => fixture.close());
  const members = [fixture.start(), fixture.start()];
  const keys = Array.from({ length: 32 }, (_, index) => keyIn(index % defaultPartitionCount, `key-${index}`));
  const published: Operation[] = [];
  for (let round = 0; round < 150; round += 1) {
    for (const key of keys.filter(() => Math.random() < 0.3)) {
      const operation = Math.random() < 0.8 ? putOf(key, String(round)) : deleteOf(key);
      published.push(operation);
      await fixture.publish(operation);
    }
    disturb(fixture, members);
    await delay(3);
  }
  await fixture.drained();
  assert.equal(fixture.store.settled.length, published.length, 'nothing lost, nothing twice');
  const position = new Map(fixture.store.settled.map((id, index) => [id, index]));
  for (const key of keys) {
    const own = published.filter((operation) => operation.key === key);
    const positions = own.map(({ id }) => position.get(id) ?? -1);
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => a - b),
      `order of ${key}`,
    );
    const last = own.at(-1);
    const stored = fixture.store.stored.get(key);
    if (last?.action === 'put') {
      assert.ok(stored !== undefined && !isTombstone(stored));
      assert.deepEqual(stored.value, last.value);
    } else assert.ok(stored === undefined || isTombstone(stored));
    const [answer] = await fixture.cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: false }]);
    if (answer?.kind !== 'hit' || stored === undefined) continue;
    assert.equal(answer.cached.entry?.version, isTombstone(stored) ? undefined : stored.version, 'the cache agrees');
  }
});
