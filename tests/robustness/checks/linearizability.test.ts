import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, judge, refuses } from '../testing/judging.ts';
import { checkLinearizability } from './linearizability.ts';
import { defaultParameters } from './parameters.ts';

test('reads see what was written before, and one of what is under way', () => {
  const run = new HistoryBuilder();
  run.get('k', undefined, [0, 1]);
  run.put('k', 5, [2, 20], { created: true });
  run.get('k', undefined, [3, 5]);
  run.get('k', 5, [6, 7]);
  run.put('k', 8, [30, 50]);
  run.put('k', 9, [30, 50]);
  run.get('k', 8, [45, 60]);
  run.get('k', 9, [45, 60]);
  run.delete('k', 12, [70, 80]);
  run.get('k', undefined, [81, 82]);
  run.delete('k', undefined, [83, 84]);
  const { counts } = accepts(checkLinearizability, run);
  equal(counts.keys, 1);
  equal(counts.operations, 12);
});

test('conditions and their refusals are judged at one moment of the call', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 10], { condition: { kind: 'absent' }, created: true });
  run.reject('k', 5, [0, 10], { condition: { kind: 'absent' } });
  run.put('k', 6, [11, 20], { condition: { kind: 'version', version: 5 } });
  run.reject('k', 6, [11, 20], { condition: { kind: 'version', version: 5 } });
  run.delete('k', 7, [21, 30], { condition: { kind: 'present' } });
  run.reject('k', undefined, [31, 40], { condition: { kind: 'present' } });
  run.reject('k', 5, [2, 100], { condition: { kind: 'absent' }, answer: 'accepted' });
  accepts(checkLinearizability, run);
});

test('a stale read is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.get('k', 5, [4, 5]);
  refuses(checkLinearizability, run, /get .* version 6/, [3, 2]);
});

test('two reads of one after the other that go back are refused, although the write is under way', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 30]);
  run.get('k', 6, [4, 5]);
  run.get('k', 5, [6, 7]);
  refuses(checkLinearizability, run, /get/, [4, 2]);
});

test('a read of what is written later is refused', () => {
  const run = new HistoryBuilder();
  run.get('k', 5, [0, 1]);
  run.put('k', 5, [2, 3], { created: true });
  refuses(checkLinearizability, run, /get/, [1, 2]);
});

test('a read of no entry is refused while there was one', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', undefined, [2, 3]);
  run.delete('k', 9, [4, 5]);
  refuses(checkLinearizability, run, /get/, [2, 1, 3]);
});

test('a write that nobody finds after quiet is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.readFinally('k', { database: { version: 5, value: 'k=5' } });
  refuses(checkLinearizability, run, /read after quiet/, [2]);
});

test('two creates without a delete between them are refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 10], { condition: { kind: 'absent' }, created: true });
  run.put('k', 6, [0, 10], { condition: { kind: 'absent' }, created: true });
  refuses(checkLinearizability, run, /put/, [2, 1]);
});

test('a value that comes back after its delete is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.delete('k', 6, [2, 3]);
  run.get('k', undefined, [4, 5]);
  run.get('k', 5, [6, 7]);
  refuses(checkLinearizability, run, /get/, [4, 2]);
});

test('an order of versions that real time contradicts is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 9, [0, 1], { created: true });
  run.put('k', 5, [2, 3]);
  refuses(checkLinearizability, run, /put .* version 5/, [1, 2]);
});

test('a rejection is refused where the condition held all the time', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.reject('k', 5, [2, 3], { condition: { kind: 'present' } });
  refuses(checkLinearizability, run, /rejected put/, [2, 1]);
});

test('a rejection that names a version that was gone is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.reject('k', 5, [4, 5], { condition: { kind: 'absent' } });
  refuses(checkLinearizability, run, /rejected put/, [3, 2]);
});

test('a value under the version of another is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.get('k', 6, [4, 5], { value: 'k=5' });
  refuses(checkLinearizability, run, /get/, [3, 2]);
});

test('a 202 may be applied at any time after it was sent, and an outcome that was asked for ends that', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { created: true, answer: 'accepted' });
  run.get('k', undefined, [2, 3]);
  run.ask(id, [4, 5]);
  run.get('k', 5, [6, 7]);
  accepts(checkLinearizability, run);
  run.get('k', undefined, [8, 9]);
  refuses(checkLinearizability, run, /get/, [5, 1]);
});

test('attempts under one Idempotency-Key take effect once', () => {
  const run = new HistoryBuilder();
  const again = { idempotencyKey: 'a', value: 'k=5', created: true };
  run.put('k', undefined, [0, 1], { ...again, answer: 'lost' });
  run.put('k', 6, [4, 5]);
  run.put('k', 5, [6, 7], again);
  run.get('k', 6, [8, 9]);
  accepts(checkLinearizability, run);
  run.get('k', 5, [10, 11]);
  refuses(checkLinearizability, run, /get/, [5, 2]);
});

test('with the whole log a write without an answer is where the log has it, or nowhere', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.delete('k', 7, [2, 3], { answer: 'lost' });
  run.get('k', undefined, [4, 5]);
  accepts(checkLinearizability, run);
  const other = new HistoryBuilder();
  other.put('k', 5, [0, 1], { created: true });
  other.call({ kind: 'delete', key: 'k' }, [2, 3], { kind: 'lost', how: 'reset' });
  other.get('k', undefined, [4, 5]);
  refuses(checkLinearizability, other, /get/, [3, 1]);
});

test('without the whole log it may be anywhere after its start, once', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.delete('k', 7, [2, 3], { answer: 'lost' });
  run.get('k', 5, [4, 5]);
  run.get('k', undefined, [6, 7]);
  run.put('k', 9, [8, 9], { condition: { kind: 'absent' }, created: true });
  run.forgetLog();
  equal(accepts(checkLinearizability, run).counts.possibleWrites, 1);
  run.get('k', undefined, [10, 11]);
  refuses(checkLinearizability, run, /get/, [6, 5]);
});

test('an unknown answer that was settled as not accepted never takes effect', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.delete('k', undefined, [2, 3], { answer: 'unknown' });
  run.get('k', 5, [4, 5]);
  accepts(checkLinearizability, run);
  run.get('k', undefined, [6, 7]);
  refuses(checkLinearizability, run, /get/, [4, 1]);
});

test('keys with a time to live are left out and counted; cached reads are not looked at', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 1 });
  run.get('k', undefined, [2, 3]);
  run.put('other', 5, [0, 1], { created: true });
  run.get('other', undefined, [2, 3], { level: { kind: 'cached' } });
  const { counts } = accepts(checkLinearizability, run);
  equal(counts.expiringKeys, 1);
  equal(counts.keys, 1);
});

test('a search that takes too long is undecided, which is a violation', () => {
  const run = new HistoryBuilder();
  // Each of the deletes may have taken what any of the puts gave, before any other.
  for (let count = 0; count < 24; count += 1) {
    run.put('k', undefined, [0, 1], { answer: 'lost', value: `lost ${count}` });
    run.delete('k', undefined, [0, 100], { condition: { kind: 'present' }, row: false });
  }
  run.get('k', 5, [50, 60]);
  run.put('k', 5, [70, 80], { created: true });
  run.forgetLog();
  let time = 0;
  const search = { budgetMs: 3, now: () => time++ };
  const { violations, counts } = judge(checkLinearizability, run, { parameters: { search } });
  equal(counts.undecided, 1);
  ok(violations[0]?.sentence.startsWith('Undecided'));
});

test('20,000 calls of 16 clients on one key are judged in seconds', () => {
  const run = new HistoryBuilder();
  for (let turn = 1; turn <= 1250; turn += 1) {
    const at = turn * 100;
    for (let client = 0; client < 16; client += 1) {
      const span = [at + client, at + 60 + client] as const;
      if (client < 4) run.put('k', turn * 100 + client, span, { created: turn + client === 1 });
      else if (client < 6) run.reject('k', turn * 100 + (client % 4), span, { condition: { kind: 'absent' } });
      else run.get('k', turn * 100 + (client % 4), span);
    }
  }
  const startedAt = performance.now();
  const { counts } = accepts(checkLinearizability, run);
  ok(performance.now() - startedAt < 5000, `${performance.now() - startedAt} ms`);
  equal(run.calls.length, 20_000);
  ok((counts.configurations ?? 0) < 20_000, `${counts.configurations} configurations`);
  equal(counts.undecided, 0);
  ok(defaultParameters.search.budgetMs >= 5000);
});
