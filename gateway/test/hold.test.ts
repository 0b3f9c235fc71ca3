import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hold } from '../src/hold.ts';

test('each piece counts until it is let go of, which is told once', () => {
  const counts: number[] = [];
  const hold: Hold = new Hold(10_000, () => counts.push(hold.count));
  const [first, second] = [hold.take(), hold.take()];
  assert.equal(hold.count, 2);
  first();
  first();
  second();
  assert.deepEqual(counts, [1, 0]);
});

test('a piece that is late no longer counts, and letting go of it then changes nothing', async () => {
  const { promise: released, resolve } = Promise.withResolvers<void>();
  let releases = 0;
  const hold = new Hold(5, () => {
    releases += 1;
    resolve();
  });
  const letGo = hold.take();
  await released;
  const other = hold.take();
  letGo();
  assert.deepEqual([hold.count, releases], [1, 1]);
  other();
  assert.deepEqual([hold.count, releases], [0, 2]);
});
