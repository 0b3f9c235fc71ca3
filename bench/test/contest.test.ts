import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Contest, rateRatio, ratio, subjectIn, summarize } from '../src/contest.ts';
import { total } from '../src/turn.ts';
import { turnAt } from './sample-results.ts';

function contestOf(own: readonly number[], other: readonly number[]): Contest {
  const rounds = (rates: readonly number[]) => rates.map((rate) => turnAt(rate));
  return {
    title: 'a contest',
    connections: 64,
    subjects: [summarize('own', rounds(own)), summarize('other', rounds(other))],
  };
}

test('a ratio is of the same round', () => {
  // Of the medians it would be 1.
  deepEqual(rateRatio(contestOf([100, 200, 300], [300, 200, 100]), 'own', 'other'), { min: 1 / 3, median: 1, max: 3 });
  deepEqual(rateRatio(contestOf([100, 400], [50, 100]), 'own', 'other'), { min: 2, median: 3, max: 4 });
});

test('a ratio may be of anything a round has', () => {
  const subjects = [
    summarize('own', [turnAt(1, { gateway: 10, nginx: 20 })]),
    summarize('other', [turnAt(1, { etcd: 60 })]),
  ];
  const contest = { title: 'costs', connections: 1, subjects };
  equal(ratio(contest, 'own', 'other', ({ cpuMicros }) => total(cpuMicros)).median, 0.5);
});

test('who did not take part is named', () => {
  throws(() => subjectIn(contestOf([1], [1]), 'webdis'), /webdis took no part in "a contest"/);
});

test('the figures of a subject are the medians of its rounds, by kind of process', () => {
  const figures = summarize('own', [
    turnAt(100, { gateway: 10, redis: 1 }),
    turnAt(300, { gateway: 30, redis: 3 }),
    turnAt(200, { gateway: 20, redis: 5 }),
  ]);
  deepEqual(figures.rate, { min: 100, median: 200, max: 300 });
  deepEqual(figures.cpuMicros, { gateway: 20, redis: 3 });
  deepEqual(figures.allCpuMicros, { min: 11, median: 25, max: 33 });
  equal('settleSeconds' in figures, false);
});

test('a ratio of anything with itself is 1, and turned round it is the inverse', () => {
  const rate = fc.double({ min: 1, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(rate, rate), { minLength: 1, maxLength: 9 }), (rounds) => {
      const contest = contestOf(
        rounds.map(([own]) => own),
        rounds.map(([, other]) => other),
      );
      deepEqual(rateRatio(contest, 'own', 'own'), { min: 1, median: 1, max: 1 });
      const { min, max } = rateRatio(contest, 'own', 'other');
      const inverse = rateRatio(contest, 'other', 'own');
      ok(Math.abs(min * inverse.max - 1) < 1e-9 && Math.abs(max * inverse.min - 1) < 1e-9);
    }),
  );
});
