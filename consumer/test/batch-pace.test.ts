import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { BatchPace } from '../src/batch-pace.ts';

const settings = { batchEveryMs: 1_000, maxRestMs: 200 };

test('the first batch begins at once', () => {
  const pace = new BatchPace(settings);
  assert.ok(pace.earlyMs({ isFull: false, isAwaited: false }) <= 0);
});

test('after a batch that somebody waits behind, the next grows for as long as that one took', async () => {
  const pace = new BatchPace(settings);
  await pace.timed(() => delay(100));
  const early = pace.earlyMs({ isFull: false, isAwaited: true });
  assert.ok(early > 50 && early <= 110, `${early} ms`);
});

test('but no longer than the bound', async () => {
  const pace = new BatchPace({ ...settings, maxRestMs: 20 });
  await pace.timed(() => delay(100));
  const early = pace.earlyMs({ isFull: false, isAwaited: true });
  assert.ok(early > 0 && early <= 20, `${early} ms`);
});

test('nobody waiting, batches begin at intervals; a full one begins at once', async () => {
  const pace = new BatchPace(settings);
  await pace.timed(() => delay(10));
  const early = pace.earlyMs({ isFull: false, isAwaited: false });
  assert.ok(early > 800 && early < 1_000, `${early} ms`);
  assert.equal(pace.earlyMs({ isFull: true, isAwaited: false }), 0);
});
