import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { parseKey, StrataError } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import { Fixture, textOf } from './fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});

const key = parseKey('k');
const other = parseKey('other');

/** Makes the next read of the database hang, with what it read: its answer is that of the time it was sent. */
function hangNextAnswer(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const batchGet = fixture.database.batchGet.bind(fixture.database);
  let isFirst = true;
  fixture.database.batchGet = async (keys) => {
    const isHanging = isFirst;
    isFirst = false;
    const answer = await batchGet(keys);
    if (isHanging) await promise;
    return answer;
  };
  return resolve;
}

const sent = (count: number) =>
  eventually(`${count} reads sent`, () => fixture.reader.faults.calls('batchGet') === count);

test('reads of one turn are one read of the database, each key once', async () => {
  fixture.commit(key, 'a');
  const answers = await Promise.all([fixture.found(key), fixture.found(key, { noCache: true }), fixture.found(other)]);
  assert.deepEqual(answers.map(textOf), ['a', 'a', undefined]);
  assert.equal(answers.filter(({ cacheStatus }) => cacheStatus.isCollapsed).length, 1);
  assert.ok(answers.every(({ cacheStatus }) => cacheStatus.isStored));
  assert.equal(fixture.reader.faults.calls('batchGet'), 1);
});

test('batches are bounded in keys and in flight', async () => {
  fixture = new Fixture({ maxBatchKeys: 10, maxBatchesInFlight: 2 });
  fixture.reader.faults.plan('batchGet', { kind: 'hang' }, 2);
  const keys = Array.from({ length: 45 }, (_, index) => parseKey(`k${index}`));
  const answers = Promise.all(await fixture.readEach(keys));
  await sent(2);
  await delay(5);
  assert.equal(fixture.reader.faults.hanging, 2);
  assert.equal(fixture.reader.faults.calls('batchGet'), 2);
  fixture.reader.faults.release();
  assert.equal((await answers).length, 45);
  assert.equal(fixture.reader.faults.calls('batchGet'), 5);
});

test('after large entries a batch asks for fewer', async () => {
  fixture = new Fixture({ maxBatchBytes: 100_000 });
  const keys = Array.from({ length: 40 }, (_, index) => parseKey(`k${index}`));
  for (const large of keys) fixture.commit(large, 'x'.repeat(20_000));
  await Promise.all(await fixture.readEach(keys.slice(0, 20), { noCache: true }));
  const before = fixture.reader.faults.calls('batchGet');
  await Promise.all(await fixture.readEach(keys.slice(20), { noCache: true }));
  assert.ok(fixture.reader.faults.calls('batchGet') - before >= 4);
});

test('a cached read joins one under way, when its fill is taken', async () => {
  fixture.commit(key, 'a');
  const release = hangNextAnswer();
  const first = fixture.found(key);
  await sent(1);
  const second = fixture.found(key);
  await nextTurn();
  release();
  assert.deepEqual([textOf(await first), textOf(await second)], ['a', 'a']);
  assert.equal((await second).cacheStatus.isCollapsed, true);
  assert.equal(fixture.reader.faults.calls('batchGet'), 1);
});

test('a write in between voids the lease: the fill is refused, and who joined reads anew', async () => {
  fixture.commit(key, 'old');
  const release = hangNextAnswer();
  const first = fixture.found(key);
  await sent(1);
  const second = fixture.found(key);
  await nextTurn();
  await fixture.write(key, 'new');
  await fixture.memory.invalidate([key], 'and its entry is evicted');
  release();
  assert.equal(textOf(await first), 'old', 'it began before the write');
  assert.equal((await first).cacheStatus.isStored, false);
  assert.equal(textOf(await second), 'new');
  assert.equal(fixture.reader.faults.calls('batchGet'), 2);
});

test('a slow fill never puts an older value over a write', async () => {
  fixture.commit(key, 'old');
  const release = hangNextAnswer();
  const first = fixture.found(key);
  await sent(1);
  await fixture.write(key, 'new');
  release();
  assert.equal(textOf(await first), 'old');
  assert.deepEqual(await fixture.look(key), ['new', undefined]);
});

test('no-cache never joins a read that is already sent', async () => {
  fixture.commit(key, 'old');
  const release = hangNextAnswer();
  const first = fixture.found(key);
  await sent(1);
  fixture.commit(key, 'new');
  assert.deepEqual(await fixture.look(key, { noCache: true }), ['new', 'request']);
  release();
  assert.equal(textOf(await first), 'old');
});

test('a read without a lease is not joined once sent', async () => {
  fixture.commit(key, 'old');
  await fixture.memory.invalidate([key], 'a write is going on');
  const release = hangNextAnswer();
  const first = fixture.found(key);
  await sent(1);
  fixture.commit(key, 'new');
  assert.equal(textOf(await fixture.found(key)), 'new');
  release();
  assert.equal(textOf(await first), 'old');
});

test('hits do not wait for the misses beside them, nor for a database that hangs', async () => {
  await fixture.write(key, 'a');
  fixture.reader.faults.plan('batchGet', { kind: 'hang' });
  const [hit, miss] = await fixture.readEach([key, other]);
  assert.ok(!(hit instanceof Promise) && miss instanceof Promise);
  assert.equal(textOf(hit), 'a');
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await fixture.clock.advance(5_100);
  assert.equal(textOf(await miss), 'unavailable');
});

test('nobody waits longer than the deadline, and what nobody waits for is not sent', async () => {
  fixture = new Fixture({ maxBatchesInFlight: 1 });
  fixture.reader.faults.plan('batchGet', { kind: 'hang' }, 1);
  const hanging = fixture.read(key, {}, 100);
  await sent(1);
  const late = fixture.read(other, {}, 100);
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  await fixture.clock.advance(200);
  assert.deepEqual([textOf(await hanging), textOf(await late)], ['unavailable', 'unavailable']);
  fixture.reader.faults.release();
  await delay(5);
  assert.equal(fixture.reader.faults.calls('batchGet'), 1);
});

test('too many waiting reads are refused at once', async () => {
  fixture = new Fixture({ maxWaitingReads: 2 });
  fixture.reader.faults.plan('batchGet', { kind: 'hang' });
  const [, , third] = await fixture.readEach(['1', '2', '3'].map(parseKey));
  assert.equal(textOf(await third), 'overloaded');
});

test('a failed read of the database fails all who joined it, and the next one is tried', async () => {
  fixture.commit(key, 'a');
  const error = new StrataError('unavailable', 'for the test');
  fixture.reader.faults.plan('batchGet', { kind: 'fail', error }, 1);
  const answers = await Promise.all([fixture.look(key), fixture.look(key), fixture.look(other)]);
  assert.deepEqual(
    answers.map(([text]) => text),
    ['unavailable', 'unavailable', 'unavailable'],
  );
  await fixture.clock.advance(5_001);
  assert.deepEqual(await fixture.look(key), ['a', 'miss']);
});

test('a cache that fails the fill does not fail the read', async () => {
  fixture.commit(key, 'a');
  fixture.cache.faults.plan('fill', { kind: 'fail', error: new StrataError('unavailable', 'for the test') });
  const answer = await fixture.found(key);
  assert.deepEqual([textOf(answer), answer.cacheStatus.isStored], ['a', false]);
});

test('a database that answers nothing for 2 s is not waited for any more, until it answers again', async () => {
  fixture.commit(key, 'a');
  fixture.reader.faults.plan('batchGet', { kind: 'hang' }, 1);
  const patient = fixture.read(key, { noCache: true }, 60_000);
  await sent(1);
  await fixture.clock.advance(1_900);
  const late = fixture.read(other, { noCache: true }, 1_000);
  await fixture.clock.advance(1_100);
  assert.equal(textOf(await late), undefined, 'the second read went through beside the first');
  await fixture.clock.advance(2_100);
  assert.equal(textOf(await fixture.read(other, { noCache: true }, 60_000)), 'unavailable');
  assert.equal(fixture.reader.faults.calls('batchGet'), 2, 'nothing more was sent');
  fixture.reader.faults.release();
  assert.equal(textOf(await patient), 'a');
  assert.equal(textOf(await fixture.read(key, { noCache: true })), 'a');
});
