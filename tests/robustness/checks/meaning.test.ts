import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadLevel } from '../history/call.ts';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, judge, refuses } from '../testing/judging.ts';
import { checkMeaning } from './meaning.ts';
import { defaultParameters, type LeastTraffic } from './parameters.ts';

/** One of everything. */
const least = Object.fromEntries(
  Object.keys(defaultParameters.least).map((name) => [name, 1]),
) as unknown as LeastTraffic;
const setting = { parameters: { least } };

/** A run in which all came up once; `without` leaves some of it out. */
function full(without = ''): HistoryBuilder {
  const run = new HistoryBuilder();
  const has = (what: string) => what !== without;
  if (has('before')) run.put('k', 5, [0, 1], { created: true, condition: { kind: 'absent' } });
  run.fault('redis killed', [10, 20]);
  if (has('during')) run.get('k', 5, [12, 13], { level: { kind: 'cached' } });
  if (has('rejected')) run.reject('k', 5, [30, 31], { condition: { kind: 'absent' } });
  if (has('condition')) run.put('k', 6, [32, 33], { condition: { kind: 'present' } });
  if (has('accepted')) run.ask(run.delete('k', 7, [34, 35], { answer: 'accepted' }).id, [36, 37]);
  if (has('delete')) run.delete('k', 8, [38, 39]);
  const again = { value: 'again', idempotencyKey: 'a', created: true };
  if (has('unknown')) run.put('k', 9, [40, 41], { ...again, answer: 'lost' });
  if (has('retry')) run.put('k', 9, [42, 43], again);
  if (has('ttl')) run.put('k', 10, [44, 45], { ttlSeconds: 60 });
  if (has('list')) run.list([['k', 10]], [46, 47]);
  const levels: readonly ReadLevel[] = [
    { kind: 'cached' },
    { kind: 'no-cache' },
    { kind: 'only-if-cached' },
    { kind: 'max-age', seconds: 5 },
    { kind: 'stale-if-error', seconds: 5 },
  ];
  for (const level of levels) if (has(level.kind)) run.get('k', 10, [50, 51], { level });
  const hungUp = { kind: 'lost', how: 'hung-up' } as const;
  if (has('hanging up')) run.call({ kind: 'list', prefix: '' }, [48, 49], hungUp);
  if (has('token')) run.get('k', 10, [52, 53], { syncTokens: ['operation-1'] });
  return run;
}

test('a run with one of everything means something, when one is enough', () => {
  const { counts } = accepts(checkMeaning, full(), setting);
  equal(counts['run: conditions not met'], 1);
  equal(counts['redis killed: calls while it lasted'], 1);
});

test('by default it does not', () => {
  ok(judge(checkMeaning, full()).violations.length > 15);
});

const missing: Readonly<Record<string, RegExp>> = {
  before: /run: 0 calls before the faults, of 1/,
  during: /redis killed: 0 calls while it lasted/,
  rejected: /run: 0 conditions not met/,
  list: /list: 0 answered calls/,
  'only-if-cached': /only-if-cached: 0 answered reads/,
  'max-age': /max-age: 0 answered reads/,
  'stale-if-error': /stale-if-error: 0 answered reads/,
  'hanging up': /run: 0 calls that were hung up/,
  token: /run: 0 answered reads with a Sync-Token/,
  ttl: /run: 0 expiring writes/,
  retry: /run: 0 retried writes applied/,
};

for (const [what, says] of Object.entries(missing)) {
  test(`a run without ${what} is refused`, () => {
    refuses(checkMeaning, full(what), says, [], setting);
  });
}

test('a run without unknown answers, or without a 202 that is asked for, is refused', () => {
  const { violations } = judge(checkMeaning, full('unknown'), setting);
  const says = violations.map(({ sentence }) => sentence).join(' ');
  ok(/0 calls that timed out.*0 writes without a known answer.*0 retried writes/.test(says), says);
  const other = judge(checkMeaning, full('accepted'), setting)
    .violations.map(({ sentence }) => sentence)
    .join(' ');
  ok(/0 answered calls.*0 writes answered 202.*0 outcomes told/.test(other), other);
});

test('every client has to see an error', () => {
  const run = full();
  run.get('k', 10, [60, 61], { client: 'lucky' });
  refuses(checkMeaning, run, /lucky: 0 calls that failed/, [], setting);
});

test('a fault that did not happen, or not as often as planned, is refused', () => {
  const { faults } = full().final();
  const planned = [...faults.planned, 'postgres frozen'];
  const final = { faults: { ...faults, planned } };
  refuses(checkMeaning, full(), /postgres frozen: .* planned 1 times and happened 0/, [], { ...setting, final });
  const twice = { faults: { ...faults, planned: ['redis killed', 'redis killed'] } };
  refuses(checkMeaning, full(), /planned 2 times and happened 1/, [], { ...setting, final: twice });
});

test('a store that takes no writes after the faults is refused', () => {
  const run = full();
  run.fault('gateway killed', [54, 80]);
  run.get('k', 10, [60, 61]);
  refuses(checkMeaning, run, /0 writes with an outcome after the faults/, [], setting);
});
