import { type Contest, type SubjectFigures, subjectIn } from '../contest.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { number } from '../report/table.ts';
import { atMost, type Fact, type Scenario, type ScenarioFigures, type Target } from '../scenario.ts';
import type { Spread } from '../spread.ts';
import { subjectOf } from '../subject.ts';
import { loadEntries } from './entries.ts';

export const costs: Scenario = {
  name: 'costs',
  title: 'What a request costs while the store grows',
  about:
    'One store, loaded at a gateway by 256 connections to each size, and the same requests at each: GETs that hit (of as many entries at every size), GETs past the cache of any entry, and PUTs of any entry, until they are applied.',
  run: measureCosts,
};

const names = { hit: 'GET hit', database: 'GET, no-cache', put: 'PUT accepted and applied' } as const;

interface Size {
  readonly entries: number;
  /** Entries a second, accepted and applied, since the size before; undefined when all were there. */
  readonly loadRate: number | undefined;
  readonly contest: Contest;
}

async function measureCosts(bench: LayerBench): Promise<ScenarioFigures> {
  const store = await bench.arena.store();
  const sizes: Size[] = [];
  for (const entries of bench.plan.sizes) {
    const missing = entries - store.entries;
    const seconds = await loadEntries(bench, store, entries);
    const loadRate = missing > 0 ? missing / seconds : undefined;
    sizes.push({ entries, loadRate, contest: await measureAt(bench, store, entries) });
  }
  const [first, last] = [sizes[0] as Size, sizes.at(-1) as Size];
  const growth = `${number(first.entries)} to ${number(last.entries)} entries`;
  return {
    contests: sizes.map(({ contest }) => contest),
    facts: sizes.flatMap(({ entries, loadRate }) => (loadRate === undefined ? [] : loadFact(entries, loadRate))),
    curves: [
      {
        title: 'CPU of all processes, µs a request, while the store grows',
        unitOfX: 'entries',
        series: Object.values(names).map((name) => ({
          name,
          points: sizes.map(({ entries, contest }) => ({
            x: entries,
            y: subjectIn(contest, name).allCpuMicros.median,
          })),
        })),
      },
    ],
    targets: Object.values(names).map(
      (name): Target => ({
        work: `${name}: CPU of all processes a request, ${growth}`,
        limit: atMost(1.2),
        unit: 'of what it was',
        measured: growthOf(subjectIn(first.contest, name), subjectIn(last.contest, name)),
      }),
    ),
  };
}

async function measureAt(bench: LayerBench, store: LayeredStore, entries: number): Promise<Contest> {
  const { valueBytes, hotEntries } = bench.plan;
  const hot = { entries: Math.min(hotEntries, entries), distribution: 'uniform', valueBytes } as const;
  const any = { entries, distribution: 'uniform', valueBytes } as const;
  const { whole, settle } = store;
  return hold(bench, `${number(entries)} entries`, [
    subjectOf(whole, names.hit, { kind: 'get', ...hot }),
    subjectOf(whole, names.database, { kind: 'get', ...any, isUncached: true }),
    subjectOf(whole, names.put, { kind: 'put', ...any }, { settle }),
  ]);
}

/** The sizes cannot take turns: each median to the first one's, its extremes to the other's extremes. */
function growthOf({ allCpuMicros: before }: SubjectFigures, { allCpuMicros: after }: SubjectFigures): Spread {
  return { min: after.min / before.max, median: after.median / before.median, max: after.max / before.min };
}

function loadFact(entries: number, loadRate: number): Fact {
  return { name: `loading up to ${number(entries)}`, value: loadRate, unit: 'entries/s, accepted and applied' };
}
