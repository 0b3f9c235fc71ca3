import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkVersions } from './versions.ts';

test('versions that grow, and say what the log says, are accepted', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3], { condition: { kind: 'version', version: 5 } });
  run.get('k', 6, [4, 5]);
  run.delete('k', 7, [6, 7]);
  run.put('k', 8, [8, 9], { created: true, idempotencyKey: 'a', value: 'k=8' });
  run.put('k', 8, [10, 11], { created: true, idempotencyKey: 'a', value: 'k=8' });
  run.list([['k', 8]], [12, 13]);
  const { counts } = accepts(checkVersions, run);
  equal(counts.rows, 5);
  equal(counts.repeatedWrites, 1);
});

test('one version for two writes is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 10], { created: true, value: 'k=5' });
  run.put('k', 5, [0, 10], { created: true, value: 'other' });
  refuses(checkVersions, run, /Different writes have the version 5/, [1, 2]);
});

test('two lost attempts at one write may have the version of one, other rows of nobody may not', () => {
  const run = new HistoryBuilder();
  const lost = { answer: 'lost', created: true, idempotencyKey: 'a', value: 'v' } as const;
  run.put('k', 5, [0, 1], lost);
  run.put('k', 5, [2, 3], lost);
  run.put('k', 6, [4, 5]);
  accepts(checkVersions, run);
  const other = new HistoryBuilder();
  other.put('k', 5, [0, 1], { answer: 'lost', created: true });
  other.put('k', 5, [2, 3], { answer: 'lost', created: true, value: 'other' });
  other.put('k', 6, [4, 5]);
  refuses(checkVersions, other, /Different writes/, []);
});

test('two values at one version are refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', undefined, [0, 1], { answer: 'refused', value: 'other' });
  run.get('k', 5, [2, 3]);
  run.get('k', 5, [4, 5], { value: 'other' });
  run.readFinally('k', { database: {}, cache: {} });
  refuses(checkVersions, run, /Two values/, [4, 3]);
});

test('an ETag that is not that of the write is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.get('k', 6, [1.5, 1.7], { value: 'k=5' });
  run.readFinally('k', { database: {}, cache: {} });
  refuses(checkVersions, run, /shown at version 6 that was written at version 5/, [3, 1]);
});

test('a version that no put in the log has is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.list([['k', 9]], [2, 3]);
  refuses(checkVersions, run, /version 9, which no put in the log has/, [2]);
});

test('reads past the cache that go back are refused, also of keys that expire', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 60 });
  run.put('k', 6, [2, 9], { ttlSeconds: 60 });
  run.get('k', 6, [3, 4], { level: { kind: 'cached' } });
  run.get('k', 5, [5, 6]);
  refuses(checkVersions, run, /back from version 6 to 5/, [4, 3]);
  const list = new HistoryBuilder();
  list.put('k', 5, [0, 1], { created: true });
  list.put('k', 6, [2, 3]);
  list.list([['k', 5]], [4, 5]);
  refuses(checkVersions, list, /back from version 6 to 5/, [3, 2]);
});

test('created has to be right, the expiry of what was there included', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1000], { created: true, ttlSeconds: 1 });
  run.put('k', 6, [1990, 1999]);
  run.put('k', 7, [3000, 3001], { ttlSeconds: 1 });
  run.put('k', 8, [5000, 5001], { created: true });
  accepts(checkVersions, run);
  run.put('k', 9, [6000, 6001], { created: true });
  refuses(checkVersions, run, /Version 9 says that created is true, but of entries there was one at version 8/, [5, 4]);
});

test('a write applied on a condition that did not hold is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.put('k', 7, [4, 5], { condition: { kind: 'version', version: 5 } });
  refuses(checkVersions, run, /on the condition "version 5", but of entries there was one at version 6/, [3, 2]);
  const deleted = new HistoryBuilder();
  deleted.put('k', 5, [0, 1], { created: true, condition: { kind: 'present' } });
  refuses(checkVersions, deleted, /on the condition "present", but of entries there was none/, [1]);
});

test('attempts at one write with two outcomes are refused', () => {
  const run = new HistoryBuilder();
  const again = { idempotencyKey: 'a', value: 'k=5', condition: { kind: 'absent' } } as const;
  run.put('k', 5, [0, 1], { ...again, created: true });
  run.reject('k', 5, [2, 3], again);
  refuses(checkVersions, run, /different outcomes: applied at version 5, created and rejected/, [1, 2]);
});

test('two requests under one Idempotency-Key cannot both be carried out', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { idempotencyKey: 'a', created: true });
  const conflict = { status: 422, problem: 'idempotency-conflict' };
  const request = { kind: 'put', key: 'k', value: 'other', idempotencyKey: 'a' } as const;
  run.call(request, [2, 3], { kind: 'answer', answer: conflict });
  accepts(checkVersions, run);
  run.put('k', 6, [4, 5], { idempotencyKey: 'a' });
  refuses(checkVersions, run, /Different requests under the Idempotency-Key a/, [1, 3]);
});
