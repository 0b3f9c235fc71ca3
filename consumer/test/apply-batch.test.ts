import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { encodeOperations, StrataError } from '@stratakv/core';
import { deleteOf, eventually, keyIn, newId, putOf, settleOf } from '@stratakv/core/testing';
import { counted, Fixture } from './fixture.ts';
import { refusing } from './refusing-store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

const unavailable = new StrataError('unavailable', 'for the test');

/** Writes down which methods of a port are called, in order. */
function recording(log: string[]) {
  return <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          log.push(String(name));
          const result: unknown = Reflect.apply(member, target, args);
          return name === 'subscribe' ? (result as Promise<object>).then(recording(log)) : result;
        };
      },
    });
}

test('the steps come in this order: invalidate, apply, put, notify, ack', async () => {
  const log: string[] = [];
  fixture.start({}, recording(log));
  const replyTo = await fixture.listen();
  await fixture.publish(putOf(keyIn(3), 'a', { replyTo }));
  await fixture.drained();
  const steps = new Set(['invalidate', 'apply', 'put', 'notify', 'ack']);
  assert.deepEqual(
    log.filter((name) => steps.has(name)),
    ['invalidate', 'apply', 'put', 'notify', 'ack'],
  );
});

test('what was applied is in the cache, deletes as absence', async () => {
  fixture.start();
  const [kept, gone] = [keyIn(1, 'kept'), keyIn(1, 'gone')];
  await fixture.publish(putOf(gone, 'x'), putOf(kept, 'a'), putOf(kept, 'b'), deleteOf(gone));
  await fixture.drained();
  const queries = [kept, gone].map((key) => ({ key, maxAgeMs: 60_000, wantsLease: false }));
  const [first, second] = await fixture.cache.lookup(queries);
  assert.ok(first?.kind === 'hit' && Buffer.from(first.cached.entry?.value ?? []).toString() === 'b');
  assert.ok(second?.kind === 'hit' && second.cached.entry === undefined);
});

test('only those who wait are told, also about what was known already', async () => {
  fixture.start();
  const replyTo = await fixture.listen();
  const waited = putOf(keyIn(2), 'a', { replyTo });
  await fixture.publish(waited, putOf(keyIn(2), 'b'));
  await fixture.publish(waited);
  await fixture.drained();
  assert.deepEqual(
    fixture.told.map(({ id, outcome }) => [id, outcome.status]),
    [
      [waited.id, 'applied'],
      [waited.id, 'applied'],
    ],
  );
  assert.equal(fixture.store.settled.length, 2);
});

test('a database that is away is tried again in place, without a new subscription', async () => {
  const member = fixture.start();
  await eventually(
    'all partitions are held',
    () => fixture.queue.subscribers(15) === 1 && member.consumer.partitions.length === 16,
  );
  const before = member.faults.queue.calls('subscribe');
  member.faults.store.plan('apply', { kind: 'fail', error: unavailable }, 4);
  const operation = putOf(keyIn(4), 'a');
  await fixture.publish(operation);
  await fixture.drained();
  assert.equal(fixture.store.records.get(operation.id)?.outcome.status, 'applied');
  assert.equal(member.faults.queue.calls('subscribe'), before);
  assert.equal(member.faults.cache.calls('invalidate'), 5, 'the markers are set again before each attempt');
  assert.equal(await counted(member.metrics, 'kv_apply_retries_total'), 4);
});

test('while the database is away the cache is left alone: reads need it', async () => {
  const member = fixture.start();
  await eventually('all partitions are held', () => member.consumer.partitions.length === 16);
  member.faults.store.plan('apply', { kind: 'fail', error: unavailable }, 1);
  member.faults.store.plan('check', { kind: 'fail', error: unavailable }, 5);
  await fixture.publish(putOf(keyIn(4), 'a'));
  await fixture.drained();
  assert.ok(member.faults.store.calls('check') >= 6);
  assert.equal(member.faults.cache.calls('invalidate'), 2, 'once before each transaction that was tried');
});

test('a commit whose answer was lost is not applied twice', async () => {
  const member = fixture.start();
  const replyTo = await fixture.listen();
  member.faults.store.plan('apply', { kind: 'fail-after', error: unavailable }, 1);
  const operation = putOf(keyIn(4), 'a', { replyTo });
  await fixture.publish(operation);
  await fixture.drained();
  assert.deepEqual(fixture.store.settled, [operation.id]);
  assert.equal(fixture.told.length, 1);
  assert.equal(await counted(member.metrics, 'kv_outcomes_total', { status: 'duplicate' }), 1);
});

test('an operation that the database refuses is found and recorded failed, its neighbours are applied', async () => {
  const bad = putOf(keyIn(5), 'bad', { replyTo: await fixture.listen() });
  fixture.start(
    {},
    refusing(({ id, action }) => id === bad.id && action !== 'settle'),
  );
  const good = Array.from({ length: 20 }, (_, index) => putOf(keyIn(5), String(index)));
  await fixture.publish(...good.slice(0, 13), bad, ...good.slice(13));
  await fixture.drained();
  assert.deepEqual(fixture.store.records.get(bad.id)?.outcome, { status: 'failed', code: 'internal' });
  assert.deepEqual(
    fixture.told.map(({ id }) => id),
    [bad.id],
  );
  const inOrder = [...good.slice(0, 13), bad, ...good.slice(13)].map(({ id }) => id);
  assert.deepEqual(fixture.store.settled, inOrder);
});

test('a message that cannot be decoded is set aside, its ids are settled, its neighbours are not held up', async () => {
  const member = fixture.start();
  member.faults.queue.plan('deadLetter', { kind: 'fail', error: unavailable }, 2);
  const lost = [putOf(keyIn(6), 'a'), putOf(keyIn(6), 'b')];
  const [before, after, other] = [putOf(keyIn(6), '1'), putOf(keyIn(6), '2'), putOf(keyIn(7), '3')];
  await fixture.publish(before);
  fixture.queue.inject(6, encodeOperations(lost).subarray(0, -1));
  fixture.queue.inject(6, new Uint8Array([1, 2, 3]));
  await fixture.publish(after);
  await fixture.publish(other);
  await fixture.drained();
  for (const { id } of lost) {
    assert.deepEqual(fixture.store.records.get(id)?.outcome, { status: 'failed', code: 'internal' });
  }
  for (const { id } of [before, after, other]) assert.equal(fixture.store.records.get(id)?.outcome.status, 'applied');
  assert.deepEqual(
    fixture.queue.deadLetters.map(({ ids }) => ids.length),
    [2, 0],
  );
});

test('an operation in the wrong partition is never applied there', async () => {
  fixture.start();
  const stray = putOf(keyIn(9), 'a');
  fixture.queue.inject(8, encodeOperations([stray]));
  await fixture.drained();
  assert.equal(fixture.queue.deadLetters.length, 1);
  assert.equal(fixture.store.records.has(stray.id), false);
});

test('an operation older than the log is set aside and never applied', async () => {
  const member = fixture.start();
  const key = keyIn(10);
  const old = putOf(key, 'a', { id: newId(key, 8 * 86_400_000) });
  const fresh = putOf(key, 'b');
  await fixture.publish(old, fresh);
  await fixture.drained();
  assert.deepEqual(fixture.store.settled, [fresh.id]);
  assert.deepEqual(fixture.queue.deadLetters[0]?.ids, [old.id]);
  assert.equal(await counted(member.metrics, 'kv_outcomes_total', { status: 'refused' }), 1);
  const msg = 'an operation older than the log was set aside';
  assert.deepEqual(fixture.errors, [{ operation: old.id, partition: 10, msg }]);
});

test('a settle marker older than the log is counted, and nobody is bothered with it', async () => {
  const member = fixture.start();
  const old = settleOf(newId(keyIn(10), 8 * 86_400_000));
  await fixture.publish(old);
  await fixture.drained();
  assert.equal(await counted(member.metrics, 'kv_outcomes_total', { status: 'refused' }), 1);
  assert.deepEqual(fixture.queue.deadLetters, []);
  assert.deepEqual(fixture.errors, []);
});

test('the key of an operation that the database refuses can be cached again at once', async () => {
  const key = keyIn(5);
  const bad = putOf(key, 'bad');
  fixture.start(
    {},
    refusing(({ action }) => action !== 'settle'),
  );
  await fixture.publish(bad);
  await fixture.drained();
  const [answer] = await fixture.cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: true }]);
  assert.ok(answer?.kind === 'miss' && answer.lease !== undefined);
});

test('after an invalidate that failed, the put stores nothing', async () => {
  const member = fixture.start();
  const key = keyIn(12);
  member.faults.cache.plan('invalidate', { kind: 'fail-after', error: unavailable }, 1);
  await fixture.publish(putOf(key, 'a'));
  await fixture.drained();
  const [answer] = await fixture.cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: false }]);
  assert.equal(answer?.kind, 'miss');
  assert.equal(await counted(member.metrics, 'kv_consumer_cache_failures_total', { call: 'invalidate' }), 1);
});

test('a cache that is down and waiters that are gone hold nothing up', async () => {
  const member = fixture.start();
  for (const call of ['invalidate', 'put'] as const)
    member.faults.cache.plan(call, { kind: 'fail', error: unavailable });
  member.faults.outcomes.plan('notify', { kind: 'fail', error: unavailable });
  const operation = putOf(keyIn(13), 'a', { replyTo: 'gone' });
  await fixture.publish(operation);
  await fixture.drained();
  assert.equal(fixture.store.records.get(operation.id)?.outcome.status, 'applied');
  assert.equal(await counted(member.metrics, 'kv_notify_failures_total'), 1);
});

test('neither the outcome nor the next batch waits for the cache to take the entries of a batch', async () => {
  const member = fixture.start();
  const replyTo = await fixture.listen();
  const [first, second] = [putOf(keyIn(14), 'a', { replyTo }), putOf(keyIn(14), 'b', { replyTo })];
  member.faults.cache.plan('put', { kind: 'hang' }, 1);
  await fixture.publish(first);
  await eventually('the first is told', () => fixture.told.length === 1);
  await fixture.publish(second);
  await eventually('the second is told', () => fixture.told.length === 2);
  assert.ok((await fixture.queue.depth()).messages > 0, 'nothing is acked yet');
  member.faults.cache.release();
  await fixture.drained();
  const [answer] = await fixture.cache.lookup([{ key: keyIn(14), maxAgeMs: 60_000, wantsLease: false }]);
  assert.ok(answer?.kind === 'hit' && answer.cached.entry !== undefined);
  assert.equal(Buffer.from(answer.cached.entry.value).toString(), 'b');
});
