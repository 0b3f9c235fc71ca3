import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TurnGatherer } from '../src/turn-gatherer.ts';

test('what comes in the next turn is taken along, once', async () => {
  let came = 0;
  const seen: number[] = [];
  const gatherer = new TurnGatherer(() => seen.push(came));
  const come = () => {
    came += 1;
    gatherer.count();
    gatherer.schedule();
  };
  come();
  await turn();
  come();
  for (let turns = 0; turns < 6; turns += 1) await turn();
  assert.deepEqual(seen, [2]);
});

test('a stream that does not end is not waited for', async () => {
  let runs = 0;
  const gatherer = new TurnGatherer(() => {
    runs += 1;
  });
  for (let turns = 0; turns < 20; turns += 1) {
    gatherer.count();
    gatherer.schedule();
    await turn();
  }
  assert.ok(runs >= 3, `${runs} runs`);
});
