import type { Contest, SubjectFigures } from '../contest.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { LayeredStore } from '../layered-store.ts';
import type { Scenario, ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { loadEntries } from './entries.ts';

export const scaling: Scenario = {
  name: 'scaling',
  title: 'When a service is doubled',
  about:
    'The same loads on stores of their own, one after another, each with two of one kind of service. All of them share the same cores: what doubling can bring here is that one process no longer has to do all of its kind, and what it costs is what the second one takes by itself.',
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

async function measureScaling(bench: LayerBench): Promise<ScenarioFigures> {
  await bench.arena.clear();
  const all: Contest[] = [];
  for (const [index, { name, settings }] of variants.entries()) {
    const store = await LayeredStore.start(bench.arena.path(`scaling-${index}`), settings);
    try {
      all.push(await measureVariant(bench, store, name));
    } finally {
      await store.stop();
    }
  }
  // The same load on every variant is one table.
  const [first] = all;
  const loads = first?.subjects.map((_, index) => all.map(({ subjects }) => subjects[index] as SubjectFigures)) ?? [];
  return {
    contests: loads.map((subjects, index) => ({
      title: titles[index] ?? '',
      connections: bench.plan.connections,
      subjects: subjects.map((figures, variant) => ({ ...figures, name: variants[variant]?.name ?? '' })),
    })),
  };
}

const titles = ['GET hit', 'PUT accepted (202)', 'PUT waited'];

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
