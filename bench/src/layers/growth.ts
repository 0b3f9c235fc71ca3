import { type Contest, subjectIn } from '../contest.ts';
import { entryKey } from '../dataset.ts';
import { atFixedRate, type FixedRate } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { LayeredStore } from '../layered-store.ts';
import { Generator } from '../load.ts';
import { number } from '../report/table.ts';
import { untilAtRest } from '../rest.ts';
import type { Check, Fact, Scenario, ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import type { Workload } from '../workload.ts';
import { loadEntries } from './entries.ts';

export const growth: Scenario = {
  name: 'growth',
  title: 'A store with many entries',
  about:
    'A store of its own, with a short operation retention, is loaded at a gateway by 256 connections while prefixes are listed; reads, writes and lists of prefixes in its middle are measured before, and when it is at rest again; everything is stopped and started again; half of the entries are deleted. `--entries=10000000` makes it larger.',
  isLong: true,
  run: measureGrowth,
};

/** Outcomes are remembered for so long: the log stays small. */
const settings = { KV_OPERATION_RETENTION: '60s' } as const;
const pageEntries = 100;
const chunk = 50_000;
const backlogLimit = 100_000;
/** Entries that are looked up one by one after the deletes. */
const samples = 200;
/** Lists a second while the store is loaded: enough to see how they fare, too few to hold the load up. */
const listRate = 20;
/** About ten measurements of them in a load. */
const listSeconds = (entries: number) => Math.max(2, Math.round(entries / 150_000));

async function measureGrowth(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan, tell } = bench;
  await arena.clear();
  const entries = plan.growthEntries;
  const few = Math.min(plan.hotEntries, entries);
  const folder = arena.path('growth');
  const startedAt = performance.now();
  let store = await LayeredStore.start(folder, settings);
  const firstReady = (performance.now() - startedAt) / 1000;
  try {
    await loadEntries(bench, store, few);
    const small = await measureAll(bench, store, few);
    const { loadSeconds, lists } = await loadAndList(bench, store, entries);
    tell(`loaded ${entries} at ${Math.round((entries - few) / loadSeconds)}/s`);
    const restSeconds = await untilAtRest(store.whole.processes);
    tell(`at rest after ${Math.round(restSeconds)} s`);
    const large = await measureAll(bench, store, entries);
    const stop = await timed(() => store.stop());
    const ready = await timed(async () => {
      store = await LayeredStore.start(folder, settings);
    });
    tell(`stopped in ${stop.toFixed(1)} s, ready again after ${ready.toFixed(1)} s`);
    store.entries = entries;
    const afterRestart = await sampleCheck(store, 'every sampled entry is there after the restart', 0, entries, 200);
    const half = Math.floor(entries / 2);
    const deleteSeconds = await timed(() => deleteFirst(bench, store, half));
    tell(`deleted ${half} at ${Math.round(half / deleteSeconds)}/s`);
    const second = (name: string, value: number): Fact => ({ name, value, unit: 's' });
    const rate = (name: string, value: number): Fact => ({ name, value, unit: 'entries/s, accepted and applied' });
    return {
      contests: [small, large],
      fixedRates: lists,
      facts: [
        second('first start, ready after', firstReady),
        rate(`loading ${number(entries)} entries`, (entries - few) / loadSeconds),
        second('after that, until outcomes were forgotten, tables vacuumed and all was at rest', restSeconds),
        ...growthFacts(small, large),
        second('stopped in', stop),
        second('started again on the same data, ready after', ready),
        rate(`deleting ${number(half)}`, half / deleteSeconds),
      ],
      checks: [
        afterRestart,
        await sampleCheck(store, 'no sampled entry of the deleted half is left', 0, half, 404),
        await sampleCheck(store, 'every sampled entry of the other half is there', half, entries, 200),
      ],
    };
  } finally {
    await store.stop();
  }
}

function measureAll(bench: LayerBench, store: LayeredStore, entries: number): Promise<Contest> {
  const { valueBytes, hotEntries } = bench.plan;
  const { whole, settle } = store;
  const any = { entries, distribution: 'uniform', valueBytes } as const;
  return hold(bench, `${number(entries)} entries`, [
    subjectOf(whole, 'GET hit', { kind: 'get', ...any, entries: Math.min(hotEntries, entries) }),
    subjectOf(whole, 'GET, any entry', { kind: 'get', ...any }),
    subjectOf(whole, 'GET, no-cache', { kind: 'get', ...any, isUncached: true }),
    subjectOf(whole, 'PUT accepted (202)', { kind: 'put', ...any }, { settle }),
    subjectOf(whole, 'PUT waited', { kind: 'put', ...any, waitSeconds: 10 }, { settle }),
    subjectOf(whole, `list, pages of ${pageEntries}`, { kind: 'list', entries, limit: pageEntries }),
  ]);
}

/** Lists come all the while, from prefixes that the load goes through, by a generator of their own. */
async function loadAndList(
  bench: LayerBench,
  store: LayeredStore,
  entries: number,
): Promise<{ readonly loadSeconds: number; readonly lists: readonly FixedRate[] }> {
  const generator = await Generator.start();
  const lists: FixedRate[] = [];
  let isLoading = true;
  const name = `list, pages of ${pageEntries}, while the store is loaded`;
  const list = async () => {
    while (isLoading) {
      const about = { kind: 'list', entries: store.entries, limit: pageEntries } as const;
      const subject = subjectOf(store.whole, `${name}, from ${number(store.entries)} entries on`, about);
      const options = { connections: 4, seconds: listSeconds(entries), seed: lists.length };
      lists.push(await atFixedRate({ ...bench, generator }, subject, listRate, options));
    }
  };
  try {
    const load = loadEntries(bench, store, entries).finally(() => {
      isLoading = false;
    });
    const [loadSeconds] = await Promise.all([load, list()]);
    return { loadSeconds, lists };
  } finally {
    generator.close();
  }
}

/** The sizes cannot take turns: medians to medians. */
function growthFacts(small: Contest, large: Contest): Fact[] {
  return large.subjects.map(({ name, allCpuMicros }) => ({
    name: `${name}: CPU a request after the load`,
    value: allCpuMicros.median / subjectIn(small, name).allCpuMicros.median,
    unit: 'of what it was',
  }));
}

async function deleteFirst({ generator, plan, tell }: LayerBench, store: LayeredStore, count: number): Promise<void> {
  for (let first = 0; first < count; first += chunk) {
    const entries = Math.min(chunk, count - first);
    const workload: Workload = { kind: 'delete', first, entries };
    const load = { connections: plan.loadConnections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries };
    const { writes } = await generator.send({ ...load, port: store.gateway.port, workload });
    await store.settled.all(writes, first + entries < count ? backlogLimit : 0);
    if ((first + entries) % 500_000 === 0) tell(`deleted ${first + entries}`);
  }
}

/** Reads some of the entries past the cache. */
async function sampleCheck(
  store: LayeredStore,
  what: string,
  from: number,
  to: number,
  wanted: 200 | 404,
): Promise<Check> {
  const step = Math.max(1, Math.floor((to - from) / samples));
  let [asked, right] = [0, 0];
  for (let index = from; index < to; index += step) {
    const url = `http://127.0.0.1:${store.whole.port}/kv/${entryKey(index)}`;
    const answer = await fetch(url, { headers: { 'cache-control': 'no-cache' } });
    await answer.arrayBuffer();
    asked += 1;
    if (answer.status === wanted) right += 1;
  }
  return { what, isMet: right === asked, detail: `${right} of ${asked} answered ${wanted}` };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
