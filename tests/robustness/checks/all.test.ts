import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { allChecks, judgeRun } from './all.ts';
import { defaultParameters } from './parameters.ts';

test('every check with tests is one that a run is held against', () => {
  const names = allChecks.map(
    (check) => check(new HistoryBuilder().history, new HistoryBuilder().final(), defaultParameters).name,
  );
  const tested = readdirSync(import.meta.dirname).flatMap((file) =>
    file.endsWith('.test.ts') ? [file.slice(0, -8)] : [],
  );
  deepEqual(
    names.filter((name) => !tested.includes(name)),
    [],
  );
  equal(new Set(names).size, 11);
});

test('no check throws, whatever a history says', () => {
  const run = new HistoryBuilder();
  // Answers that no store gives: without what should be in them, and about nothing that was sent.
  for (const status of [100, 200, 201, 204, 301, 404, 412, 422, 500, 503, 504]) {
    const result = { kind: 'answer', answer: { status, operation: 'same' } } as const;
    run.call({ kind: 'put', key: '', value: '', idempotencyKey: '' }, [5, 5], result);
    run.call({ kind: 'delete', key: 'k' }, [5, 5], result);
    run.call(
      { kind: 'get', key: 'k', level: { kind: 'max-age', seconds: 0 }, syncTokens: ['same', 'none'] },
      [5, 5],
      result,
    );
    run.call({ kind: 'list', prefix: 'k', cursor: 'loop' }, [5, 5], result);
    run.call({ kind: 'operation', id: 'same' }, [5, 5], result);
  }
  const page = { entries: [{ key: 'foreign', version: 0 }], next: 'loop' };
  run.call({ kind: 'list', prefix: 'k' }, [0, 9], { kind: 'answer', answer: { status: 200, page } });
  run.call({ kind: 'list', prefix: 'k', cursor: 'loop' }, [9, 9], { kind: 'answer', answer: { status: 200, page } });
  run.ask('same', [1, 2], { status: 'applied', version: 3 });
  run.rows.push(
    { id: 'same', status: 'failed', settledAt: 0 },
    { id: 'x', key: 'k', status: 'applied', version: 3, settledAt: 0 },
  );
  equal(judgeRun(run.history, run.final(), defaultParameters).length, allChecks.length);
});

test('an empty run is refused by the check that it means something, and by no other', () => {
  const run = new HistoryBuilder();
  const refusing = judgeRun(run.history, run.final(), defaultParameters).filter(
    ({ violations }) => violations.length > 0,
  );
  deepEqual(
    refusing.map(({ name }) => name),
    ['meaning'],
  );
});
