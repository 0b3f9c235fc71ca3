import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, refuses } from '../testing/judging.ts';
import { checkExpiry } from './expiry.ts';

/** A key that expires at 10,001, by the recording's clock. */
function expiring(): HistoryBuilder {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true, ttlSeconds: 10 });
  return run;
}

test('an entry is shown until it expires, and within the skew', () => {
  const run = expiring();
  const expiresAt = run.wall(10_001);
  run.get('k', 5, [10, 11], { expiresAt });
  run.get('k', 5, [10_900, 12_500], { expiresAt });
  run.get('k', undefined, [20_000, 20_001]);
  run.put('stays', 5, [0, 1], { created: true });
  run.get('stays', 5, [50_000, 50_001]);
  deepEqual(accepts(checkExpiry, run).counts, { expiringWrites: 1, expiringShown: 2 });
});

test('an expired entry is refused, from whatever level and in a list', () => {
  const run = expiring();
  const expiresAt = run.wall(10_001);
  run.get('k', 5, [11_001, 11_002], { expiresAt, level: { kind: 'cached' } });
  refuses(checkExpiry, run, /sent 1000 ms after its expiry/, [2]);
  const list = expiring();
  const page = { entries: [{ key: 'k', version: 5, expiresAt }] };
  list.call({ kind: 'list', prefix: '' }, [12_001, 12_002], { kind: 'answer', answer: { status: 200, page } });
  refuses(checkExpiry, list, /sent 2000 ms after its expiry/, [2]);
});

test('an expired entry that is there after quiet is refused', () => {
  const run = expiring();
  run.get('k', undefined, [20_000, 20_001]);
  run.readFinally('k', { cache: { version: 5, value: 'k=5', expiresAt: run.wall(10_001) } });
  refuses(checkExpiry, run, /after its expiry/, []);
});

test('an expiry that is not told, told wrongly, or told of what stays is refused', () => {
  const run = expiring();
  run.get('k', 5, [10, 11]);
  refuses(checkExpiry, run, /without saying when/, [2, 1]);
  const wrong = expiring();
  wrong.get('k', 5, [10, 11], { expiresAt: wrong.wall(10_002) });
  refuses(checkExpiry, wrong, /expires at 1010002, its writer was told 1010001/, [2, 1]);
  const stays = new HistoryBuilder();
  stays.put('k', 5, [0, 1], { created: true });
  stays.get('k', 5, [10, 11], { expiresAt: stays.wall(10_001) });
  refuses(checkExpiry, stays, /was put to stay/, [2, 1]);
});

test('a time to live that does not count from the moment of applying is refused', () => {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { answer: 'accepted', created: true, ttlSeconds: 10, row: { settledAt: run.wall(5000) } });
  refuses(checkExpiry, run, /Applied at 1005000 for 10 s, it expires at 1010001/, [1]);
});
