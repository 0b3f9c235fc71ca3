import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from '../history/call.ts';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkLists } from './lists.ts';

/** Three keys at version 5. */
function written(): HistoryBuilder {
  const run = new HistoryBuilder();
  for (const key of ['a', 'b', 'c']) run.put(key, 5, [0, 1], { created: true });
  return run;
}

test('a page shows what is there, and may or may not show what is under way', () => {
  const run = written();
  run.put('b', 6, [10, 20]);
  run.put('d', 7, [10, 20], { created: true });
  run.delete('a', 8, [10, 20]);
  run.list(
    [
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ],
    [11, 19],
  );
  run.list(
    [
      ['b', 6],
      ['c', 5],
      ['d', 7],
    ],
    [11, 19],
  );
  run.list(
    [
      ['b', 6],
      ['c', 5],
      ['d', 7],
    ],
    [21, 22],
  );
  run.list([['c', 5]], [21, 22], { prefix: 'c' });
  deepEqual(accepts(checkLists, run).counts, { pages: 4, entries: 10, walks: 4 });
});

test('pages of a walk show each key once', () => {
  const run = written();
  run.list([['a', 5]], [2, 3], { limit: 1, next: 'one' });
  run.list([], [4, 5], { limit: 1, cursor: 'one', next: 'two' });
  run.list(
    [
      ['b', 5],
      ['c', 5],
    ],
    [6, 7],
    { limit: 2, cursor: 'two' },
  );
  deepEqual(accepts(checkLists, run).counts, { pages: 3, entries: 3, walks: 1 });
});

test('the order is that of UTF-8 bytes, and no key is there twice', () => {
  const run = new HistoryBuilder();
  run.put('\u{ffff}', 5, [0, 1], { created: true });
  run.put('\u{10000}', 5, [0, 1], { created: true });
  run.list(
    [
      ['\u{ffff}', 5],
      ['\u{10000}', 5],
    ],
    [2, 3],
  );
  accepts(checkLists, run);
  run.list(
    [
      ['\u{10000}', 5],
      ['\u{ffff}', 5],
    ],
    [2, 3],
  );
  refuses(checkLists, run, /not in the order/, [4]);
  const twice = written();
  twice.list(
    [
      ['a', 5],
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ],
    [2, 3],
  );
  refuses(checkLists, twice, /not in the order/, [4]);
});

test('what is not of the prefix, and more than the limit, are refused', () => {
  const run = written();
  run.list(
    [
      ['a', 5],
      ['b', 5],
    ],
    [2, 3],
    { prefix: 'a' },
  );
  refuses(checkLists, run, /lists b, which is not of its prefix/, [4]);
  const more = written();
  more.list(
    [
      ['a', 5],
      ['b', 5],
    ],
    [2, 3],
    { limit: 1, next: 'on' },
  );
  refuses(checkLists, more, /lists 2 names, the limit is 1/, [4]);
});

test('a version that was never real is refused', () => {
  const run = written();
  run.list(
    [
      ['a', 4],
      ['b', 5],
      ['c', 5],
    ],
    [2, 3],
  );
  refuses(checkLists, run, /lists a at version 4, which was never real/, [4]);
  const deleted = written();
  deleted.delete('a', 6, [2, 3]);
  deleted.list(
    [
      ['a', 6],
      ['b', 5],
      ['c', 5],
    ],
    [4, 5],
  );
  refuses(checkLists, deleted, /version 6, which was never real/, [5]);
});

test('a key that was there all the time and is missing is refused', () => {
  const run = written();
  run.list(
    [
      ['a', 5],
      ['c', 5],
    ],
    [2, 3],
  );
  refuses(checkLists, run, /lacks b, which was there all the time/, [4, 2]);
});

test('a key that is gone for certain, or not yet sent, is refused', () => {
  const run = written();
  run.delete('a', 6, [2, 3]);
  run.list(
    [
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ],
    [4, 5],
  );
  refuses(checkLists, run, /gone for a before it began/, [5, 4]);
  const early = written();
  early.list(
    [
      ['a', 5],
      ['b', 5],
      ['c', 5],
      ['d', 9],
    ],
    [2, 3],
  );
  early.put('d', 9, [4, 5], { created: true });
  refuses(checkLists, early, /ended before its version of d was sent/, [4, 5]);
});

test('a page of two moments is refused', () => {
  const run = written();
  run.put('a', 6, [10, 11]);
  run.put('c', 7, [12, 13]);
  run.list(
    [
      ['a', 6],
      ['b', 5],
      ['c', 5],
    ],
    [9, 30],
  );
  accepts(checkLists, run);
  run.list(
    [
      ['a', 5],
      ['b', 5],
      ['c', 7],
    ],
    [9, 30],
  );
  refuses(checkLists, run, /no snapshot: .* gone for a before its version of c was sent/, [7, 4, 5]);
});

test('in the middle of a list only what lies between its first and its last name has to be there', () => {
  const run = written();
  run.list([['b', 5]], [2, 3], { limit: 1, cursor: 'x', next: 'y' });
  accepts(checkLists, run);
  run.list(
    [
      ['a', 5],
      ['c', 5],
    ],
    [2, 3],
    { limit: 2, cursor: 'x', next: 'y' },
  );
  refuses(checkLists, run, /lacks b/, [5, 2]);
});

test('a walk that lists a key twice, or leaves one out between its pages, is refused', () => {
  const run = written();
  run.list([['a', 5]], [2, 3], { limit: 1, next: 'one' });
  run.list(
    [
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ],
    [4, 5],
    { cursor: 'one' },
  );
  refuses(checkLists, run, /pages list a 2 times/, [4, 5]);
  const gap = written();
  gap.list([['a', 5]], [2, 3], { limit: 1, next: 'one' });
  gap.list([['c', 5]], [4, 5], { limit: 1, cursor: 'one' });
  refuses(checkLists, gap, /pages lack b/, [4, 5]);
});

test('keys are folded at the delimiter', () => {
  const run = new HistoryBuilder();
  run.put('a/x', 5, [0, 1], { created: true });
  run.put('b', 5, [0, 1], { created: true });
  const entries = [{ key: 'b', version: 5 }];
  const list = { kind: 'list', prefix: '', delimiter: '/' } as const;
  const folded = { entries, prefixes: ['a/'] };
  run.call(list, [2, 3], { kind: 'answer', answer: { status: 200, page: folded } });
  accepts(checkLists, run);
  run.call(list, [2, 3], { kind: 'answer', answer: { status: 200, page: { entries } } });
  refuses(checkLists, run, /lacks a\/x/, [4, 1]);
});

test('prefixes are in order, and what they fold is not listed beside them', () => {
  const run = new HistoryBuilder();
  run.put('a/x', 5, [0, 1], { created: true });
  run.put('b/x', 5, [0, 1], { created: true });
  const list = { kind: 'list', prefix: '', delimiter: '/' } as const;
  const answered = (page: Page) => ({ kind: 'answer', answer: { status: 200, page } }) as const;
  run.call(list, [2, 3], answered({ entries: [], prefixes: ['b/', 'a/'] }));
  refuses(checkLists, run, /prefixes of a page are not in the order/, [3]);
  const unfolded = new HistoryBuilder();
  unfolded.put('a/x', 5, [0, 1], { created: true });
  unfolded.call(list, [2, 3], answered({ entries: [{ key: 'a/x', version: 5 }], prefixes: ['a/'] }));
  refuses(checkLists, unfolded, /lists a\/x, which it should have folded/, [2]);
});

test('without the whole log a version may be that of a put that nobody was answered', () => {
  const run = new HistoryBuilder();
  run.put('a', 5, [0, 1], { created: true });
  run.put('a', 6, [2, 3], { answer: 'lost' });
  run.put('a', 7, [4, 5]);
  run.list([['a', 6]], [4, 5]);
  run.forgetLog();
  accepts(checkLists, run);
});
