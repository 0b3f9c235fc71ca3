import { atFixedRate, type FixedRate } from '../fixed-rate.ts';
import { IdleConnections } from '../idle-connections.ts';
import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { Generator } from '../load.ts';
import { MemoryPeak } from '../memory-peak.ts';
import { startNginx } from '../peers/edge.ts';
import type { Peer } from '../peers/peer.ts';
import { runningPid } from '../peers/runner.ts';
import { number } from '../report/table.ts';
import { atMost, type Check, type Fact, type Scenario, type ScenarioFigures, type Target } from '../scenario.ts';
import { spreadOf } from '../spread.ts';
import { type Subject, subjectOf } from '../subject.ts';
import type { ByKind } from '../usage.ts';
import type { Workload } from '../workload.ts';
import { loadHotEntries } from './entries.ts';

export const connections: Scenario = {
  name: 'connections',
  title: 'Many connections, and large values',
  about:
    'Small GETs at a fixed rate: alone; beside idle connections through an Nginx that may have more of them than by default (`KV_NGINX_CONNECTIONS`); and beside 256 connections that carry values of 1 MiB, one PUT for each GET. The memory of each kind of process is watched meanwhile.',
  run: measureConnections,
};

const smallRate = 500;
const smallConnections = 16;
const large = { connections: 256, rate: 40, bytes: 1024 * 1024, entries: 32, first: 100_000_000 } as const;
/** What Nginx needs beside the idle ones. */
const nginxSpare = 2000;
/** MiB that all processes together may take more than when they were quiet. */
const memoryBound = 1024;

interface Beside {
  readonly what: string;
  readonly small: FixedRate;
  readonly peak: ByKind;
}

async function measureConnections(bench: LayerBench): Promise<ScenarioFigures> {
  const { plan } = bench;
  const store = await loadHotEntries(bench);
  const edge = await wideEdge(bench, store);
  const { hotEntries: entries, valueBytes } = plan;
  const gets: Subject = subjectOf(edge, 'small GETs', { kind: 'get', entries, distribution: 'uniform', valueBytes });
  const quiet = await beside(bench, gets, 'alone');
  const idle = await IdleConnections.open(edge.port, plan.idleConnections);
  let many: Beside;
  let answering: number;
  try {
    many = await beside(bench, gets, `beside ${number(plan.idleConnections)} idle connections`);
    answering = await idle.answering();
  } finally {
    idle.close();
  }
  const heavy = await besideLargeValues(bench, store, gets);
  return {
    fixedRates: [quiet, many, heavy].map(({ small }) => small),
    facts: [quiet, many, heavy].flatMap(memoryFacts),
    checks: [
      {
        what: 'every idle connection is still answered',
        isMet: answering === plan.idleConnections,
        detail: `${number(answering)} of ${number(plan.idleConnections)}`,
      },
      ...[many, heavy].map((each) => memoryCheck(each, quiet)),
    ],
    targets: [many, heavy].map((each) => timesTarget(each, quiet)),
  };
}

/** The store's own Envoy behind an Nginx with room for the idle connections. */
async function wideEdge({ arena, plan }: LayerBench, store: LayeredStore): Promise<Peer> {
  const envoy = store.native.processes().find(({ kind }) => kind === 'envoy');
  if (envoy === undefined) throw new Error('the store has no Envoy');
  const room = plan.idleConnections + nginxSpare;
  const { port, process } = await startNginx(arena.runner, 'wide', envoy.port, room);
  const others = () => store.native.processes().filter(({ kind }) => kind !== 'nginx');
  return { name: 'StrataKV', port, processes: () => [{ kind: 'nginx', pid: runningPid(process) }, ...others()] };
}

async function beside(bench: LayerBench, gets: Subject, what: string): Promise<Beside> {
  const watch = new MemoryPeak(gets.processes);
  const small = await atFixedRate(bench, { ...gets, name: `${gets.name}, ${what}` }, smallRate, {
    connections: smallConnections,
  }).finally(() => watch.end());
  return { what, small, peak: watch.end() };
}

async function besideLargeValues(bench: LayerBench, store: LayeredStore, gets: Subject): Promise<Beside> {
  const { plan } = bench;
  const values = { entries: large.entries, first: large.first, valueBytes: large.bytes } as const;
  const filling = { connections: 4, warmupSeconds: 0, seconds: 60, seed: 0, count: large.entries, port: gets.port };
  const filled: Workload = { kind: 'put', ...values, distribution: 'in order', waitSeconds: 30 };
  await store.settle((await bench.generator.send({ ...filling, workload: filled })).writes);
  const workload: Workload = {
    kind: 'mixed',
    parts: [
      { kind: 'put', ...values, distribution: 'uniform', waitSeconds: 30 },
      { kind: 'get', ...values, distribution: 'uniform' },
    ],
  };
  const second = await Generator.start();
  try {
    const seconds = plan.warmupSeconds + plan.fixedRateSeconds + 1;
    const { connections: many, rate } = large;
    const load = { connections: many, warmupSeconds: 0, seconds, seed: 7, rate, port: gets.port, workload };
    const [small] = await Promise.all([
      beside(bench, gets, `beside ${many} connections with 1 MiB values, ${rate}/s`),
      second.send(load).then(({ writes }) => store.settled.note(writes)),
    ]);
    await store.settled.all();
    return small;
  } finally {
    second.close();
  }
}

function memoryFacts({ what, peak }: Beside): Fact[] {
  const busy = [...peak].filter(([, mib]) => mib >= 1).sort(([, one], [, other]) => other - one);
  return busy.map(([kind, value]) => ({ name: `${what}: highest PSS, ${kind}`, value, unit: 'MiB' }));
}

function memoryCheck(each: Beside, quiet: Beside): Check {
  const all = (peak: ByKind) => [...peak.values()].reduce((sum, mib) => sum + mib, 0);
  const more = all(each.peak) - all(quiet.peak);
  return {
    what: `memory ${each.what} stays within ${number(memoryBound)} MiB of the quiet figure`,
    isMet: more <= memoryBound,
    detail: `${number(more)} MiB more, all processes`,
  };
}

function timesTarget({ what, small }: Beside, quiet: Beside): Target {
  const ratio = small.latency.p99 / quiet.small.latency.p99;
  return {
    work: `small GETs ${what}: p99 at ${smallRate}/s`,
    limit: atMost(3),
    unit: 'of the quiet figure',
    measured: spreadOf([ratio]),
  };
}
