import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Backlog } from '../src/backlog.ts';

const never = () => Promise.reject(new Error('nobody should count again'));
const marks = (backlog: Backlog, redelivered: readonly boolean[]) =>
  redelivered.map((isRedelivered) => backlog.wasThere(isRedelivered));

test('alone, what was ready comes first; what was delivered before is marked wherever it comes', () => {
  const backlog = new Backlog(2, 0, never);
  assert.deepEqual(marks(backlog, [false, true, false, false, true]), [true, true, false, false, true]);
});

test('behind another consumer, everything was there until the count at the first delivery is known', async () => {
  let counts = 0;
  const backlog = new Backlog(9, 1, async () => {
    counts += 1;
    return 1;
  });
  assert.deepEqual(marks(backlog, [true, false]), [true, true]);
  await turn();
  assert.deepEqual(marks(backlog, [false, false, true]), [false, false, true]);
  assert.equal(counts, 1);
});

test('what comes in the same chunk as the count is not taken for something that is to come', async () => {
  const counted = Promise.withResolvers<number>();
  const backlog = new Backlog(9, 1, () => counted.promise);
  assert.deepEqual(marks(backlog, [true]), [true]);
  // The count is there, but whoever asked is told only after the deliveries behind it.
  counted.resolve(2);
  assert.deepEqual(marks(backlog, [false, false]), [true, true]);
  await turn();
  assert.deepEqual(marks(backlog, [false, false]), [false, false]);
});

test('when the broker cannot count, the mark of the broker is what remains', async () => {
  const backlog = new Backlog(0, 1, never);
  assert.deepEqual(marks(backlog, [false]), [true]);
  await turn();
  assert.deepEqual(marks(backlog, [false, true]), [false, true]);
});
