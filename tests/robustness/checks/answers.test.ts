import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Request } from '../history/call.ts';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkAnswers } from './answers.ts';

function answered(request: Request, answer: Answer): HistoryBuilder {
  const run = new HistoryBuilder();
  run.call(request, [0, 1], { kind: 'answer', answer });
  return run;
}

test('results, outcomes and "not now" are accepted', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', 5, [2, 3]);
  run.list([['k', 5]], [2, 3]);
  run.reject('k', 5, [4, 5], { condition: { kind: 'absent' } });
  run.call({ kind: 'delete', key: 'k' }, [4, 5], { kind: 'answer', answer: { status: 503, problem: 'overloaded' } });
  run.call({ kind: 'delete', key: 'k' }, [4, 5], { kind: 'lost', how: 'reset' });
  const failed = { status: 500, problem: 'internal', operation: 'o' };
  run.call({ kind: 'delete', key: 'k' }, [4, 5], { kind: 'answer', answer: failed });
  const notCached = { status: 504, problem: 'not-cached' };
  run.call({ kind: 'get', key: 'k', level: { kind: 'only-if-cached' } }, [4, 5], { kind: 'answer', answer: notCached });
  deepEqual(accepts(checkAnswers, run).counts, { answered: 7, refusals: 1 });
});

test('a 500 that is no outcome is refused', () => {
  const run = answered({ kind: 'put', key: 'k', value: 'v' }, { status: 500, problem: 'internal' });
  refuses(checkAnswers, run, /k: A put was answered 500 \(internal\)/, [1]);
});

test('a refusal of what is valid is refused', () => {
  const list = answered({ kind: 'list', prefix: 'p', cursor: 'c' }, { status: 400, problem: 'invalid-cursor' });
  refuses(checkAnswers, list, /A list was answered 400 \(invalid-cursor\)/, [1]);
  const asked = answered({ kind: 'operation', id: 'o' }, { status: 404, problem: 'operation-unknown' });
  refuses(checkAnswers, asked, /An? operation was answered 404/, [1]);
  const read = answered({ kind: 'get', key: 'k', level: { kind: 'cached' } }, { status: 504, problem: 'not-cached' });
  refuses(checkAnswers, read, /A get was answered 504/, [1]);
});
