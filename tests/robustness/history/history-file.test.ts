import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { formatHistory, HistoryFileError, parseHistory } from './history-file.ts';

function sample(): HistoryBuilder {
  const run = new HistoryBuilder();
  const put = run.put('cities/lisbon', 5, [0, 10.25], { condition: { kind: 'absent' }, created: true, ttlSeconds: 60 });
  run.delete('cities/lisbon', 6, [11, 12], { answer: 'lost', idempotencyKey: 'again' });
  run.reject('cities/lisbon', 5, [11, 12], { condition: { kind: 'version', version: 4 } });
  run.get('cities/lisbon', 5, [11, 13], {
    level: { kind: 'max-age', seconds: 3 },
    syncTokens: [put.id],
    ageSeconds: 0,
  });
  run.list([['cities/lisbon', 5]], [11, 13], { prefix: 'cities/', limit: 10, next: 'cursor' });
  run.ask(put.id, [14, 15]);
  return run;
}

/** The file of the sample with one line replaced; lines count from 1. */
function withLine(line: number, text: string): string {
  const lines = formatHistory(sample().history).split('\n');
  return lines.with(line - 1, text).join('\n');
}

/** A line of the sample with a member changed. */
function changed(line: number, change: (call: Record<string, unknown>) => void): string {
  const call = JSON.parse(formatHistory(sample().history).split('\n')[line - 1] ?? '') as Record<string, unknown>;
  change(call);
  return withLine(line, JSON.stringify(call));
}

function refuses(text: string, line: number, says: RegExp): void {
  throws(
    () => parseHistory(text),
    (error) => error instanceof HistoryFileError && error.line === line && says.test(error.message),
  );
}

test('a history is read as it was written', () => {
  const { history } = sample();
  const plain = JSON.parse(JSON.stringify(history)) as unknown;
  deepEqual(parseHistory(formatHistory(history)), plain);
});

test('a history without calls is one', () => {
  deepEqual(parseHistory(formatHistory({ header: { wallOffsetMs: 1, seed: 7 }, calls: [] })).calls, []);
});

test('a malformed line is refused with its number', () => {
  refuses('', 1, /missing/);
  refuses('\n', 1, /no JSON/);
  refuses(withLine(1, '{"wallOffsetMs":5}'), 1, /wrong/);
  refuses(withLine(3, '{"number":'), 3, /no JSON/);
  refuses(withLine(4, ''), 4, /no JSON/);
  refuses(
    changed(2, (call) => Object.assign(call, { startedAt: 'soon' })),
    2,
    /startedAt/,
  );
  refuses(
    changed(2, (call) => Object.assign(call, { extra: 1 })),
    2,
    /additional/,
  );
  refuses(
    changed(2, (call) => Object.assign(call, { request: { kind: 'patch', key: 'a' } })),
    2,
    /request/,
  );
  refuses(
    changed(2, (call) => Object.assign(call, { result: { kind: 'answer' } })),
    2,
    /result/,
  );
  refuses(
    changed(2, (call) => delete call.client),
    2,
    /client/,
  );
});

test('a last line that was cut short is refused', () => {
  const text = formatHistory(sample().history);
  refuses(text.slice(0, -1), 7, /cut short/);
});

test('a number that comes twice, and an end before the start, are refused', () => {
  refuses(
    changed(4, (call) => Object.assign(call, { number: 1 })),
    4,
    /repeats call 1/,
  );
  refuses(
    changed(3, (call) => Object.assign(call, { endedAt: 1 })),
    3,
    /end before it starts/,
  );
});
