import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadLevel } from '../history/call.ts';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkStaleness } from './staleness.ts';

const cached: ReadLevel = { kind: 'cached' };
const atMost = (seconds: number): ReadLevel => ({ kind: 'max-age', seconds });
const ifError = (seconds: number): ReadLevel => ({ kind: 'stale-if-error', seconds });

/** A key at version 5, then 6 from 1001 on, and a fault of the cache while 6 was written. */
function faulty(): HistoryBuilder {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [1000, 1001]);
  run.fault('redis killed', [900, 3000], { mayStaleCache: true });
  return run;
}

test('every level may show what was under way, and has to show what was known', () => {
  const run = new HistoryBuilder();
  run.get('k', undefined, [0, 1], { level: cached });
  run.put('k', 5, [2, 3], { created: true });
  run.get('k', 5, [4, 5], { level: cached, ageSeconds: 0 });
  run.put('k', 6, [6, 20]);
  run.get('k', 5, [7, 8], { level: atMost(5) });
  run.get('k', 6, [9, 10], { level: { kind: 'only-if-cached' } });
  run.get('k', 6, [11, 12], { level: ifError(60), ageSeconds: 1 });
  run.delete('k', 9, [30, 40]);
  run.get('k', 6, [31, 32], { level: cached });
  run.get('k', undefined, [33, 34], { level: cached });
  const answer = { status: 504, problem: 'not-cached' };
  run.call({ kind: 'get', key: 'k', level: { kind: 'only-if-cached' } }, [50, 51], { kind: 'answer', answer });
  const { counts } = accepts(checkStaleness, run);
  equal(counts.judged, 7);
  equal(counts.stale, 0);
});

test('a cached read of what was known to be replaced is refused without a fault', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3]);
  run.get('k', 5, [10, 11], { level: cached, ageSeconds: 1 });
  refuses(checkStaleness, run, /version 5, although .* 7 ms before .* version 6, and no fault/, [3, 2]);
});

test('another read shows as well as a write what is known', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3], { answer: 'accepted' });
  run.get('k', 5, [10, 11], { level: cached });
  run.get('k', 6, [12, 13], { level: cached });
  accepts(checkStaleness, run);
  run.get('k', 5, [14, 15], { level: { kind: 'only-if-cached' } });
  refuses(checkStaleness, run, /no fault/, [5, 4]);
});

test('no entry where there was one all the time is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', undefined, [10, 11], { level: cached });
  refuses(checkStaleness, run, /no entry/, [2, 1]);
});

test('no entry is right once it may have expired, or an open delete may have landed', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 10 });
  run.get('k', undefined, [9500, 9501], { level: cached });
  run.put('open', 5, [0, 1], { created: true });
  run.delete('open', 6, [2, 3], { answer: 'lost' });
  run.get('open', undefined, [10, 11], { level: cached });
  accepts(checkStaleness, run);
  run.forgetLog();
  accepts(checkStaleness, run);
  run.get('k', undefined, [5000, 5001], { level: cached });
  refuses(checkStaleness, run, /no entry/, [6, 1]);
});

test('after a fault of the cache an answer may be stale for as long as the TTL', () => {
  const run = faulty();
  run.get('k', 5, [50_000, 50_001], { level: cached, ageSeconds: 49 });
  equal(accepts(checkStaleness, run).counts.worstMs, 48_999);
  run.get('k', 5, [62_500, 62_501], { level: cached, ageSeconds: 60 });
  refuses(checkStaleness, run, /older than promised/, [4, 2]);
});

test('a fault excuses nothing that was written outside it', () => {
  const run = faulty();
  run.put('k', 7, [9000, 9001]);
  run.get('k', 6, [9010, 9011], { level: cached, ageSeconds: 1 });
  refuses(checkStaleness, run, /no fault/, [4, 3]);
});

test('a fault that does not touch the cache excuses nothing', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [1000, 1001]);
  run.fault('gateway killed', [900, 3000]);
  run.get('k', 5, [1500, 1501], { level: cached });
  refuses(checkStaleness, run, /no fault/, [3, 2]);
});

test('max-age=N bounds the age that is told, and how stale an answer is after a fault', () => {
  const run = faulty();
  run.get('k', 5, [3000, 3001], { level: atMost(3), ageSeconds: 3 });
  accepts(checkStaleness, run);
  run.get('k', 6, [3000, 3001], { level: atMost(3), ageSeconds: 4 });
  refuses(checkStaleness, run, /max-age=3 it shows an answer 4 s old/, [4]);
  const late = faulty();
  late.get('k', 5, [6000, 6001], { level: atMost(3), ageSeconds: 3 });
  refuses(checkStaleness, late, /max-age=3 .* older than promised/, [3, 2]);
});

test('an answer from the database may take its time', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', 5, [10, 4010], { level: atMost(1), ageSeconds: 4 });
  accepts(checkStaleness, run);
});

test('a cached answer that says it is older than the TTL is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.get('k', 5, [90_000, 90_001], { level: cached, ageSeconds: 62 });
  refuses(checkStaleness, run, /cached it shows an answer 62 s old/, [2]);
});

test('an age that hides how stale an answer is is refused', () => {
  const run = faulty();
  run.get('k', 5, [30_000, 30_001], { level: cached, ageSeconds: 2 });
  refuses(checkStaleness, run, /says that it is 2 s old/, [3, 2]);
});

test('stale-if-error may be old while the database is down, and is as cached otherwise', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [1000, 1001]);
  run.fault('postgres killed', [60_000, 120_000], { mayFailDatabase: true });
  run.get('k', 5, [100_000, 100_001], { level: ifError(60), ageSeconds: 100 });
  accepts(checkStaleness, run);
  run.get('k', 5, [110_000, 110_001], { level: ifError(10), ageSeconds: 70 });
  refuses(checkStaleness, run, /stale-if-error=10 .* older than promised/, [4, 2]);
  const healthy = new HistoryBuilder();
  healthy.put('k', 5, [0, 1], { created: true });
  healthy.put('k', 6, [1000, 1001]);
  healthy.get('k', 5, [2000, 2001], { level: ifError(60), ageSeconds: 2 });
  refuses(checkStaleness, healthy, /no fault/, [3, 2]);
});

test('not-cached for a read that may go to the database is refused', () => {
  const run = new HistoryBuilder();
  const answer = { status: 504, problem: 'not-cached' };
  run.call({ kind: 'get', key: 'k', level: cached }, [0, 1], { kind: 'answer', answer });
  refuses(checkStaleness, run, /did not ask for the cache alone/, [1]);
});

test('a read past the cache is never stale, whatever the fault, also of keys that expire', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 60 });
  run.fault('redis killed', [0, 100], { mayStaleCache: true });
  run.get('k', undefined, [10, 11]);
  refuses(checkStaleness, run, /no entry, .* no fault/, [2, 1]);
  const aged = new HistoryBuilder();
  aged.put('k', 5, [0, 1], { created: true });
  aged.get('k', 5, [5000, 5001], { ageSeconds: 2 });
  refuses(checkStaleness, aged, /no-cache it shows an answer 2 s old/, [2]);
});
