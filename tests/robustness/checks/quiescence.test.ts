import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkQuiescence } from './quiescence.ts';

function written(): HistoryBuilder {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  return run;
}

test('the last write is there, in the database and in the cache', () => {
  const run = written();
  run.put('gone', 5, [0, 1], { created: true });
  run.delete('gone', 6, [2, 3]);
  run.put('expired', 5, [0, 1], { created: true, ttlSeconds: 1 });
  run.get('never', undefined, [5000, 5001]);
  deepEqual(accepts(checkQuiescence, run).counts, { keys: 4, present: 1 });
  accepts(checkQuiescence, run, { final: { deadLetters: { found: 2, planted: 2 } } });
});

test('a write without an answer may be the last, by the log', () => {
  const run = written();
  run.put('k', 7, [4, 5], { answer: 'lost' });
  accepts(checkQuiescence, run);
});

test('a cache that shows something else is refused', () => {
  const run = written();
  run.readFinally('k', { cache: { version: 5, value: 'k=5' } });
  refuses(checkQuiescence, run, /database shows version 6 \(k=6\), the cache version 5/, []);
  const absent = written();
  absent.readFinally('k', { cache: {} });
  refuses(checkQuiescence, absent, /the cache no entry/, []);
  const expiring = written();
  expiring.readFinally('k', { cache: { version: 6, value: 'k=6', expiresAt: 1 } });
  refuses(checkQuiescence, expiring, /disagree on its expiry/, []);
});

test('an entry may expire between the two reads', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 10 });
  run.readFinally('k', {
    database: { version: 5, value: 'k=5', expiresAt: run.wall(10_001) },
    cache: {},
    readAt: 9500,
  });
  accepts(checkQuiescence, run);
  refuses(checkQuiescence, run, /the cache no entry/, [], { parameters: { skewMs: 100 } });
});

test('an older write that wins is refused', () => {
  const run = written();
  const database = { version: 5, value: 'k=5' };
  run.readFinally('k', { database, cache: database });
  refuses(checkQuiescence, run, /shows version 5 .* the last of its operations is a put at version 6/, [2]);
});

test('an entry after its delete, and none after its put, are refused', () => {
  const run = written();
  run.delete('k', 7, [4, 5]);
  const database = { version: 6, value: 'k=6' };
  run.readFinally('k', { database, cache: database });
  refuses(checkQuiescence, run, /is a delete at version 7/, [3]);
  const lost = written();
  lost.readFinally('k', { database: {}, cache: {} });
  refuses(checkQuiescence, lost, /shows no entry, the last of its operations is a put at version 6/, [2]);
});

test('a value of another version is refused', () => {
  const run = written();
  const database = { version: 6, value: 'k=5' };
  run.readFinally('k', { database, cache: database });
  refuses(checkQuiescence, run, /a value that was not written at that version/, [1]);
});

test('a key that was not read is refused', () => {
  const run = written();
  const { keys } = run.final();
  run.put('forgotten', 5, [0, 1], { created: true });
  refuses(checkQuiescence, run, /forgotten: It was written and not read/, [3], { final: { keys } });
});

test('dead letters that the run did not put there, and those that are missing, are refused', () => {
  refuses(checkQuiescence, written(), /hold 1 messages, the run put 0/, [], {
    final: { deadLetters: { found: 1, planted: 0 } },
  });
  refuses(checkQuiescence, written(), /hold 0 messages, the run put 1/, [], {
    final: { deadLetters: { found: 0, planted: 1 } },
  });
});
