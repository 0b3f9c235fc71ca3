import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkAccounting } from './accounting.ts';

test('every end that a write may have is accounted for', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  const { id } = run.put('k', 6, [2, 3], { answer: 'accepted' });
  run.ask(id, [4, 5]);
  run.put('k', 7, [6, 7], { answer: 'lost' });
  run.delete('k', 8, [8, 9], { answer: 'unknown' });
  run.put('k', undefined, [10, 11], { answer: 'unknown', value: 'not accepted' });
  run.put('k', undefined, [12, 13], { answer: 'refused', value: 'refused' });
  run.put('k', undefined, [14, 15], { answer: 'lost', value: 'never' });
  run.reject('k', undefined, [16, 17], { condition: { kind: 'present' } });
  run.delete('k', undefined, [18, 19]);
  const { counts } = accepts(checkAccounting, run);
  const { attempted, acknowledged, refused, unknown, unknownRecovered, unknownNotAccepted, applied, unexpected } =
    counts;
  equal([attempted, acknowledged, refused, unknown, unknownRecovered, unknownNotAccepted].join(), '9,4,1,4,1,1');
  equal([applied, unexpected, counts.strayRows].join(), '4,0,1');
});

test('an accepted write without an outcome is lost', () => {
  const run = new HistoryBuilder();
  run.put('k', undefined, [0, 1], { answer: 'accepted' });
  refuses(checkAccounting, run, /operation-1: .*is lost: it has no outcome/, [1]);
});

test('without the whole log a receipt does in place of the row', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { answer: 'accepted' });
  run.ask(id, [2, 3]);
  run.forgetLog();
  run.rows.length = 0;
  accepts(checkAccounting, run);
  run.put('other', undefined, [4, 5], { answer: 'accepted' });
  refuses(checkAccounting, run, /operation-3: .*is lost/, [3]);
});

test('an accepted write that ends as failed is lost', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], {
    answer: 'accepted',
    row: { status: 'failed', version: undefined, problem: 'not-accepted' },
  });
  refuses(checkAccounting, run, /failed \(not-accepted\)/, [1]);
});

test('an unknown answer has to be settled, once, as applied or not accepted', () => {
  const run = new HistoryBuilder();
  run.put('k', undefined, [0, 1], { answer: 'unknown', row: false });
  refuses(checkAccounting, run, /never settled/, [1]);
  const other = new HistoryBuilder();
  other.put('k', undefined, [0, 1], { answer: 'unknown', row: { problem: 'internal' } });
  refuses(checkAccounting, other, /failed \(internal\)/, [1]);
  const twice = new HistoryBuilder();
  const { id } = twice.put('k', 5, [0, 1], { answer: 'unknown', created: true });
  twice.ask(id, [2, 3], { status: 'failed', problem: 'not-accepted' });
  refuses(checkAccounting, twice, /two outcomes/, [1, 2]);
});

test('an outcome that is told and another that is logged are refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { row: { status: 'rejected', version: undefined, problem: 'version-mismatch' } });
  refuses(checkAccounting, run, /two outcomes/, [1, 1]);
});

test('a value under two versions was applied twice', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', 6, [2, 3], { value: 'k=5' });
  refuses(checkAccounting, run, /applied twice: at version 5 and at version 6/, [1, 1, 2]);
});

test('attempts under one Idempotency-Key at two versions were applied twice', () => {
  const run = new HistoryBuilder();
  const again = { idempotencyKey: 'a', value: 'v' };
  run.put('k', 5, [0, 1], { ...again, created: true });
  run.put('k', 6, [2, 3], again);
  refuses(checkAccounting, run, /applied twice/, [1, 2, 1, 2]);
});

test('a refused write that is seen is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', undefined, [0, 1], { answer: 'refused', value: 'v' });
  run.get('k', 5, [2, 3], { value: 'v' });
  refuses(checkAccounting, run, /refused or failed was applied/, [1, 2]);
});

test('a rejected write that is seen, and a refusal that names an operation, are refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.reject('k', 5, [2, 3], { condition: { kind: 'absent' }, value: 'v' });
  run.get('k', 6, [4, 5], { value: 'v' });
  run.readFinally('k', { database: {}, cache: {} });
  refuses(checkAccounting, run, /that was rejected was applied at version 6/, [2, 3]);
  const named = new HistoryBuilder();
  const answer = { status: 503, problem: 'overloaded', operation: 'x' };
  named.call({ kind: 'delete', key: 'k' }, [0, 1], { kind: 'answer', answer });
  refuses(checkAccounting, named, /refused write was named it/, [1]);
});

test('an answer of an edge that knows of no operation leaves the write open', () => {
  const run = new HistoryBuilder();
  const answer = { status: 503, problem: 'outcome-unknown' };
  run.call({ kind: 'put', key: 'k', value: 'k=5' }, [0, 1], { kind: 'answer', answer });
  run.rows.push({
    id: 'x',
    key: 'k',
    action: 'put',
    status: 'applied',
    version: 5,
    created: true,
    settledAt: run.wall(2),
  });
  const { counts } = accepts(checkAccounting, run);
  equal(counts.unknownRecovered, 1);
});

test('a row that nobody can have sent is unexpected', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [10, 20], { answer: 'lost' });
  accepts(checkAccounting, run);
  run.rows.push({ id: 'stray', key: 'k', action: 'put', status: 'applied', version: 4, settledAt: run.wall(30) });
  refuses(checkAccounting, run, /operation stray: .*nobody can have sent/, []);
});

test('a row from before the only call that can have sent it is unexpected, but for the skew', () => {
  const run = new HistoryBuilder();
  run.put('k', 6, [5000, 5010], { answer: 'lost', row: { acceptedAt: run.wall(4500) } });
  run.put('k', 7, [5020, 5030]);
  accepts(checkAccounting, run);
  refuses(checkAccounting, run, /nobody can have sent/, [], { parameters: { skewMs: 100 } });
});

test('a row of another key than the call had is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { row: { key: 'other' } });
  run.readFinally('k', { database: {}, cache: {} });
  refuses(checkAccounting, run, /a put of k, but the log has a put of other/, [1]);
});

test('an id that is named to two calls, and one that the log has twice, are refused', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { created: true });
  const answer = { status: 202, operation: id };
  run.call({ kind: 'put', key: 'k', value: 'v' }, [2, 3], { kind: 'answer', answer });
  refuses(checkAccounting, run, /Two calls/, [2, 1]);
  const other = new HistoryBuilder();
  other.put('k', 5, [0, 1], { created: true });
  other.rows.push(...other.rows);
  refuses(checkAccounting, other, /has it 2 times/, []);
});

test('a value that nobody sent, or not yet, is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [10, 11], { created: true });
  run.put('other', 7, [10, 11], { created: true });
  run.get('k', 7, [20, 21], { value: 'other=7' });
  refuses(checkAccounting, run, /nobody sent to it/, [3]);
  const early = new HistoryBuilder();
  early.get('k', 5, [0, 1], { level: { kind: 'cached' } });
  early.put('k', 5, [2, 3], { created: true });
  refuses(checkAccounting, early, /before that was sent/, [1, 2]);
});
