import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKey, StrataError } from '@stratakv/core';
import { faulty, ManualClock } from '@stratakv/core/testing';
import { InProcessEntryCache, InProcessOutcomeFeed } from '../src/index.ts';

const query = { key: parseKey('a'), maxAgeMs: 1000, wantsLease: true };
const down = new StrataError('unavailable', 'for the test');

function given() {
  const clock = new ManualClock();
  return { clock, ...faulty(new InProcessEntryCache({ clock, maxBytes: 1_000_000 })) };
}

test('without a fault, calls go through', async () => {
  const { port, faults } = given();
  const [answer] = await port.lookup([query]);
  assert.ok(answer?.kind === 'miss' && answer.lease !== undefined);
  assert.equal(faults.calls('lookup'), 1);
  assert.equal(port.size, 1);
});

test('a call fails as often as planned, and is not made', async () => {
  const { port, faults } = given();
  faults.plan('lookup', { kind: 'fail', error: down }, 2);
  await assert.rejects(port.lookup([query]), down);
  await assert.rejects(port.lookup([query]), down);
  assert.equal(port.size, 0);
  await port.check();
  assert.equal((await port.lookup([query])).length, 1);
  assert.equal(faults.calls('lookup'), 3);
});

test('a call whose answer is lost was made', async () => {
  const { port, faults } = given();
  faults.plan('lookup', { kind: 'fail-after', error: down });
  await assert.rejects(port.lookup([query]), down);
  assert.equal(port.size, 1);
  faults.clear();
  await port.lookup([query]);
});

test('a call hangs until it is released', async () => {
  const { port, faults } = given();
  faults.plan('lookup', { kind: 'hang' }, 1);
  const call = port.lookup([query]);
  assert.deepEqual([faults.hanging, port.size], [1, 0]);
  faults.release();
  assert.equal((await call).length, 1);
});

test('a call waits', async () => {
  const { port, faults, clock } = given();
  faults.plan('lookup', { kind: 'delay', ms: 500, clock });
  const call = port.lookup([query]);
  await clock.advance(499);
  assert.equal(port.size, 0);
  await clock.advance(1);
  assert.equal((await call).length, 1);
});

test('a call is made twice', async () => {
  const { port, faults } = faulty(new InProcessOutcomeFeed());
  const got: string[] = [];
  const replyTo = await port.listen(({ id }) => got.push(id));
  faults.plan('notify', { kind: 'twice' }, 1);
  const outcome = { status: 'failed', code: 'not-accepted' } as const;
  const record = { id: 'x'.repeat(32) as never, action: undefined, key: undefined, outcome, settledAt: 0 };
  await port.notify([{ replyTo, record }]);
  assert.equal(got.length, 2);
});
