import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadLevel } from '../history/call.ts';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkSyncToken } from './sync-token.ts';

const cached: ReadLevel = { kind: 'cached' };

test('what a token names, or something newer, is shown', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { created: true, answer: 'accepted' });
  run.get('k', 5, [2, 3], { level: cached, syncTokens: [id] });
  run.put('k', 6, [4, 20]);
  run.get('k', 6, [5, 6], { level: cached, syncTokens: [id] });
  run.get('k', 5, [5, 6], { level: cached, syncTokens: [id] });
  run.delete('k', 7, [30, 31]);
  run.get('k', undefined, [30, 33], { level: cached, syncTokens: [id] });
  run.get('other', undefined, [30, 33], { level: cached, syncTokens: [id] });
  run.list([['k', 5]], [5, 6], { syncTokens: [id] });
  const answer = { status: 503, problem: 'not-yet-visible' };
  run.call({ kind: 'get', key: 'k', level: cached, syncTokens: [id] }, [40, 41], { kind: 'answer', answer });
  deepEqual(accepts(checkSyncToken, run).counts, { gets: 5, lists: 1, tokens: 6, notYetVisible: 1 });
});

test('a token of a write that changed nothing asks for nothing', () => {
  const run = new HistoryBuilder();
  const condition = { kind: 'present' } as const;
  const { id } = run.reject('k', undefined, [0, 1], { condition, answer: 'accepted' });
  const { id: nothing } = run.delete('k', undefined, [0, 1], { answer: 'accepted' });
  run.get('k', undefined, [2, 3], { level: cached, syncTokens: [id, nothing] });
  accepts(checkSyncToken, run);
});

test('less than a token names is refused, whatever the level and the faults', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  const { id } = run.put('k', 6, [2, 3], { answer: 'accepted' });
  run.fault('redis killed', [0, 100], { mayStaleCache: true });
  run.get('k', 5, [4, 5], { level: cached, syncTokens: [id] });
  refuses(checkSyncToken, run, /shows version 5, although its Sync-Token names the write of version 6/, [3, 2]);
});

test('no entry is less than a put, unless it may be gone since', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { created: true, answer: 'accepted' });
  run.get('k', undefined, [2, 3], { level: cached, syncTokens: [id] });
  refuses(checkSyncToken, run, /shows no entry/, [2, 1]);
  run.delete('k', 6, [2, 3]);
  accepts(checkSyncToken, run);
});

test('an entry is less than the delete that a token names', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  const { id } = run.delete('k', 6, [2, 3]);
  run.get('k', 5, [4, 5], { level: cached, syncTokens: [id] });
  refuses(checkSyncToken, run, /version 5/, [3, 2]);
});

test('a page with less than a token names is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  const { id } = run.put('k', 6, [2, 3], { answer: 'accepted' });
  run.list([['k', 5]], [4, 5], { syncTokens: [id] });
  refuses(checkSyncToken, run, /list of : It shows version 5/, [3, 2]);
});

test('an answer before the outcome is refused, also of a write of another key', () => {
  const run = new HistoryBuilder();
  const late = { answer: 'accepted', created: true, row: { settledAt: run.wall(9000) } } as const;
  const { id } = run.put('k', 5, [0, 1], late);
  run.get('other', undefined, [2, 3], { level: cached, syncTokens: [id] });
  refuses(checkSyncToken, run, /answered before operation operation-1/, [2, 1]);
});

test('a token of ours that is refused as not ours is a violation', () => {
  const run = new HistoryBuilder();
  const { id } = run.put('k', 5, [0, 1], { created: true });
  const answer = { status: 400, problem: 'invalid-sync-token' };
  run.call({ kind: 'get', key: 'k', level: cached, syncTokens: [id] }, [2, 3], { kind: 'answer', answer });
  refuses(checkSyncToken, run, /refused as not its own/, [2, 1]);
});
