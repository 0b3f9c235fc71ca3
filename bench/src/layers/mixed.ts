import { setTimeout as sleep } from 'node:timers/promises';
import { type Contest, rateRatio, subjectIn } from '../contest.ts';
import { atFixedRate, halfOfSlowest } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { number } from '../report/table.ts';
import { atLeast, type Check, type Fact, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { loadEntries } from './entries.ts';

export const mixed: Scenario = {
  name: 'mixed',
  title: 'Reads and writes mixed',
  about:
    'Of the requests 95 % are GETs and 5 % PUTs, of entries picked by a Zipf distribution, through the whole path; against GETs that hit. Every value tells which write it is from, so that an answer that is behind is noticed. One PUT in four waits until it is applied.',
  run: measureMixed,
};

const names = { mixed: '95 % GET, 5 % PUT, zipf', get: 'GET hit' } as const;
const writeShare = 0.05;
const auditWithinMs = 30_000;

async function measureMixed(bench: LayerBench): Promise<ScenarioFigures> {
  const { plan, arena } = bench;
  const { mixedEntries: entries, hotEntries, valueBytes } = plan;
  const store = await arena.store();
  await loadEntries(bench, store, entries);
  let epoch = 0;
  const mix: Subject = {
    ...store.whole,
    name: names.mixed,
    settle: store.settle,
    workload: () => {
      epoch += 1;
      return { kind: 'fresh-mix', entries, distribution: 'zipf', valueBytes, writes: writeShare, epoch };
    },
  };
  const hits = Math.min(hotEntries, entries);
  const get = subjectOf(store.whole, names.get, {
    kind: 'fresh-mix',
    entries: hits,
    distribution: 'uniform',
    valueBytes,
    writes: 0,
    epoch: 0,
  });
  const contest = await hold(bench, mixed.title, [mix, get]);
  const atHalf = halfOfSlowest(contest, [names.mixed, names.get]);
  return {
    contests: [contest],
    fixedRates: [await atFixedRate(bench, mix, atHalf), await atFixedRate(bench, get, atHalf)],
    facts: freshnessFacts(contest),
    checks: [promiseCheck(contest), await auditCheck(store)],
    targets: [
      {
        work: `mixed 95/5, zipf over ${number(entries)} keys, through the whole path`,
        limit: atLeast(0.8),
        unit: 'of the GET figure',
        measured: rateRatio(contest, names.mixed, names.get),
      },
    ],
  };
}

function freshnessFacts(contest: Contest): Fact[] {
  const { checked, behind, oldestMs } = freshnessOf(contest);
  return [
    { name: 'reads of entries with a write that was known to be applied', value: checked, unit: '' },
    { name: 'of these, answered with a value from before that write', value: behind, unit: '' },
    { name: 'the longest that a write had been known to be applied then', value: oldestMs, unit: 'ms' },
  ];
}

function freshnessOf(contest: Contest): { checked: number; behind: number; oldestMs: number } {
  const all = subjectIn(contest, names.mixed).rounds.flatMap(({ freshness }) => freshness ?? []);
  return {
    checked: all.reduce((sum, { checked }) => sum + checked, 0),
    behind: all.reduce((sum, { behind }) => sum + behind, 0),
    oldestMs: Math.max(0, ...all.map(({ oldestMs }) => oldestMs)),
  };
}

function promiseCheck(contest: Contest): Check {
  const { checked, behind } = freshnessOf(contest);
  return {
    // Without a fault of the cache, a cached answer is as fresh as the last write that was told to be applied.
    what: 'no answer was older than the last write of its entry that was known to be applied',
    isMet: checked > 0 && behind === 0,
    detail: `${number(behind)} of ${number(checked)} reads`,
  };
}

/** What the storage nodes find themselves: docs/decisions/0027. */
async function auditCheck(store: LayeredStore): Promise<Check> {
  const of = (name: string) => store.metric('storage-node', `kv_cache_audit_${name}_total`);
  // It comes by now and then: a short run is over before the first time.
  for (const deadline = performance.now() + auditWithinMs; performance.now() < deadline; await sleep(100)) {
    if ((await of('checked')) > 0) break;
  }
  const [checked, violations] = [await of('checked'), await of('violations')];
  return {
    what: "the storage nodes' own audit of the cache found nothing behind by more than is promised",
    isMet: checked > 0 && violations === 0,
    detail: `${number(violations)} of ${number(checked)} cached entries`,
  };
}
