import { type Contest, rateRatio, ratio, type SubjectFigures } from '../contest.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { LayeredStore } from '../layered-store.ts';
import type { Fact, Scenario, ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { total } from '../turn.ts';
import { measureDrainRound } from './drain.ts';
import { loadEntries } from './entries.ts';

export const scaling: Scenario = {
  name: 'scaling',
  title: 'When a service is doubled',
  about:
    'The same loads on stores of their own, one after another, each with two of one kind of service, and the drain of a backlog of the same size by each. All of them share the same cores: what doubling can bring here is that one process no longer has to do all of its kind, and what it costs is what the second one takes by itself. Variants run minutes apart, so a few percent belong to the machine. What a second one brings on a machine of its own cannot be seen here.',
  isLong: true,
  run: measureScaling,
};

const variants: readonly { readonly name: string; readonly settings: Readonly<Record<string, string>> }[] = [
  { name: 'one of each', settings: {} },
  { name: 'two gateways', settings: { KV_NATIVE_GATEWAYS: '2' } },
  { name: 'two storage nodes', settings: { KV_NATIVE_STORAGE_NODES: '2' } },
  { name: 'two consumers', settings: { KV_NATIVE_CONSUMERS: '2' } },
];
const waitSeconds = 10;

interface Variant {
  readonly name: string;
  readonly contest: Contest;
  /** Operations a second. */
  readonly drained: number;
}

async function measureScaling(bench: LayerBench): Promise<ScenarioFigures> {
  await bench.arena.clear();
  const all: Variant[] = [];
  for (const [index, { name, settings }] of variants.entries()) {
    const store = await LayeredStore.start(bench.arena.path(`scaling-${index}`), settings);
    try {
      const contest = await measureVariant(bench, store, name);
      all.push({ name, contest, drained: (await measureDrainRound(bench, store, 0)).rate });
    } finally {
      await store.stop();
    }
  }
  const contests = titles.map((title, load) => loadTable(title, load, all));
  return { contests, facts: [...contests.flatMap(ratioFacts), ...drainFacts(all)] };
}

const titles = ['GET hit', 'PUT accepted (202)', 'PUT waited'];

/** The same load on every variant. */
function loadTable(title: string, load: number, all: readonly Variant[]): Contest {
  const subjects = all.map(({ name, contest }) => ({ ...(contest.subjects[load] as SubjectFigures), name }));
  return { title, connections: all[0]?.contest.connections ?? 0, subjects };
}

/** Variants run one after another: the rounds that are compared are minutes apart. */
function ratioFacts(contest: Contest): Fact[] {
  const [one, ...doubled] = contest.subjects.map(({ name }) => name);
  return doubled.flatMap((name) => [
    {
      name: `${contest.title}, ${name}: answers/s`,
      value: rateRatio(contest, name, one as string).median,
      unit: `of those of ${one}`,
    },
    {
      name: `${contest.title}, ${name}: CPU an answer`,
      value: ratio(contest, name, one as string, ({ cpuMicros }) => total(cpuMicros)).median,
      unit: `of that of ${one}`,
    },
  ]);
}

function drainFacts([one, ...doubled]: readonly Variant[]): Fact[] {
  if (one === undefined) return [];
  return [
    { name: `backlog, ${one.name}: worked off`, value: one.drained, unit: '/s' },
    ...doubled.map(({ name, drained }) => ({
      name: `backlog, ${name}: worked off`,
      value: drained / one.drained,
      unit: `of that of ${one.name}`,
    })),
  ];
}

async function measureVariant(bench: LayerBench, store: LayeredStore, name: string): Promise<Contest> {
  const { hotEntries: entries, valueBytes } = bench.plan;
  await loadEntries(bench, store, entries);
  const uniform = { entries, distribution: 'uniform', valueBytes } as const;
  const { whole, settle } = store;
  return hold(bench, name, [
    subjectOf(whole, 'GET hit', { kind: 'get', ...uniform }),
    subjectOf(whole, 'PUT accepted (202)', { kind: 'put', ...uniform }, { settle }),
    subjectOf(whole, 'PUT waited', { kind: 'put', ...uniform, waitSeconds }, { settle }),
  ]);
}
