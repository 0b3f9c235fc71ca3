import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedLevel, type LeveledAnswer, type LeveledRead, type PendingAnswer, parseKey } from '@stratakv/core';
import { Admission } from '../src/admission.ts';
import { ReadGatherer } from '../src/read-gatherer.ts';

const answer: LeveledAnswer = { kind: 'problem', code: 'not-cached' };
const readOf = (key: string): LeveledRead => ({ key: parseKey(key), level: cachedLevel });
/** Longer than anything is gathered. */
const turn = async () => {
  for (let turns = 0; turns < 6; turns += 1) await new Promise((resolve) => setImmediate(resolve));
};

function gathering(parallelRequests?: () => number) {
  const sizes: number[] = [];
  const ends: (() => void)[] = [];
  const storage = {
    readEach: (reads: readonly LeveledRead[]) => {
      sizes.push(reads.length);
      const { promise, resolve } = Promise.withResolvers<readonly PendingAnswer[]>();
      ends.push(() => resolve(reads.map(() => answer)));
      return promise;
    },
  };
  const admission = new Admission({ maxWrites: 1, maxWriteBytes: 1, maxReads: 1000 });
  const reads = new ReadGatherer(storage, admission, { maxBatchReads: 8, timeoutMs: 1000, parallelRequests });
  return { sizes, ends, admission, read: (key: string) => reads.readOne(readOf(key)) };
}

test('reads of one turn are one request, bounded in count', async () => {
  const { sizes, ends, admission, read } = gathering();
  const all = Array.from({ length: 19 }, (_, index) => read(`k${index}`));
  await turn();
  assert.deepEqual(sizes, [8, 8, 3]);
  for (const end of ends) end();
  assert.deepEqual(await Promise.all(all), Array(19).fill(answer));
  assert.equal(admission.load.reads, 0);
});

test('while as many requests as make sense are under way, the next one gathers', async () => {
  const { sizes, ends, read } = gathering(() => 1);
  const all = [read('a')];
  await turn();
  all.push(read('b'));
  await turn();
  all.push(read('c'));
  await turn();
  assert.deepEqual(sizes, [1]);
  ends[0]?.();
  await turn();
  assert.deepEqual(sizes, [1, 2]);
  ends[1]?.();
  await Promise.all(all);
});

test('one that is not answered holds the others back for a moment alone', async () => {
  const { sizes, ends, read } = gathering(() => 1);
  const all = [read('a')];
  await turn();
  all.push(read('b'));
  while (sizes.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const end of ends) end();
  await Promise.all(all);
});
