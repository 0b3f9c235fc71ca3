import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { formatFinalState, parseFinalState } from './final-state-file.ts';

function sample(): string {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 60 });
  run.put('k', undefined, [2, 3], { answer: 'unknown' });
  run.reject('gone', undefined, [2, 3], { condition: { kind: 'present' } });
  run.fault('redis killed', [1, 2], { mayStaleCache: true });
  return formatFinalState(run.final());
}

test('a final state is read as it was written', () => {
  deepEqual(formatFinalState(parseFinalState(sample())), sample());
});

test('what is none is refused, and says where', () => {
  throws(() => parseFinalState(sample().slice(0, -3)), SyntaxError);
  throws(() => parseFinalState('{}'), /required property/);
  throws(() => parseFinalState(sample().replace('"status":"applied"', '"status":"done"')), /\/log\/rows\/0\/status/);
  throws(() => parseFinalState(sample().replace('"isWhole":true,', '')), /\/log .*isWhole/);
  throws(() => parseFinalState(sample().replace('"planted":0', '"planted":"0"')), /\/deadLetters\/planted/);
});
