import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkOrder } from './order.ts';

test('writes after one another, and any order of those at the same time, are accepted', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, answer: 'accepted' });
  run.put('k', 6, [2, 3], { answer: 'accepted' });
  run.put('k', 9, [4, 20]);
  run.put('k', 8, [4, 20]);
  run.put('k', 7, [4, 20]);
  run.delete('k', 10, [21, 22]);
  const { counts } = accepts(checkOrder, run);
  equal(counts.versionsInOrder, 5);
  equal(counts.rowsInOrder, 5);
});

test('a write sent after a 202 that has a lower version is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 6, [0, 1], { created: true, answer: 'accepted' });
  run.put('k', 5, [2, 3], { answer: 'accepted' });
  refuses(checkOrder, run, /sent after another had been accepted has a lower version: 5/, [2, 1]);
});

test('a write without an answer, or with an unknown one, may land late', () => {
  const run = new HistoryBuilder();
  run.put('k', 7, [0, 1], { answer: 'lost' });
  run.put('k', 8, [0, 1], { answer: 'unknown' });
  run.put('k', 5, [2, 3], { created: true });
  run.get('k', 7, [4, 5]);
  accepts(checkOrder, run);
});

test('a write that was seen before another was sent is before it', () => {
  const run = new HistoryBuilder();
  run.put('k', 7, [0, 1], { answer: 'lost', created: true });
  run.get('k', 7, [2, 3]);
  run.put('k', 5, [4, 5]);
  refuses(checkOrder, run, /lower version: 5/, [3, 1]);
});

test('a retry that is answered leaves its write where the first attempt put it', () => {
  const run = new HistoryBuilder();
  const again = { idempotencyKey: 'a', value: 'v', created: true };
  run.put('k', 5, [0, 1], { ...again, answer: 'lost' });
  run.put('k', 6, [2, 3]);
  run.put('k', 5, [4, 5], again);
  run.put('k', 7, [6, 7]);
  accepts(checkOrder, run);
});

test('an operation sent later that was settled earlier is refused, also when it was rejected', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [5000, 5001], { created: true, answer: 'accepted' });
  run.reject('k', 5, [5002, 5003], { condition: { kind: 'absent' }, row: { settledAt: run.wall(4500) } });
  accepts(checkOrder, run);
  refuses(checkOrder, run, /was settled earlier/, [2, 1], { parameters: { skewMs: 100 } });
});

test('times of the log that go down as versions go up are refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 9000], { created: true, row: { settledAt: run.wall(8000) } });
  run.put('k', 6, [0, 9000], { row: { settledAt: run.wall(2000) } });
  refuses(checkOrder, run, /greater version than operation-1 and was settled before it/, [2, 1]);
});

test('the time of a retry is not taken for that of its write when the row of the first attempt is not known', () => {
  const run = new HistoryBuilder();
  const again = { idempotencyKey: 'a', value: 'v', created: true };
  run.put('k', 5, [0, 1], { ...again, answer: 'lost', row: false });
  run.put('k', 6, [2, 3]);
  run.put('k', 5, [9000, 9001], again);
  run.forgetLog();
  accepts(checkOrder, run);
});
