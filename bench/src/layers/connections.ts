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

interface Round {
  readonly quiet: Beside;
  readonly idle: Beside;
  readonly large: Beside;
  /** Idle connections that were still answered. */
  readonly answering: number;
}

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
  await loadLargeValues(bench, store, gets);
  await beside(bench, gets, 'not counted');
  const rounds: Round[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    rounds.push({
      quiet: await beside(bench, gets, 'alone'),
      ...(await besideIdle(bench, gets)),
      large: await besideLargeValues(bench, store, gets),
    });
  }
  const [quiet, idle, large] = (['quiet', 'idle', 'large'] as const).map((of) => rounds.map((round) => round[of]));
  const all = [quiet ?? [], idle ?? [], large ?? []];
  return {
    fixedRates: all.flat().map(({ small }) => small),
    facts: all.flatMap(memoryFacts),
    checks: [
      idleCheck(plan.idleConnections, rounds),
      ...[idle ?? [], large ?? []].map((each) => memoryCheck(each, quiet ?? [])),
    ],
    targets: [idle ?? [], large ?? []].map((each) => timesTarget(each, quiet ?? [])),
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
  const watch = new MemoryPeak(gets.processes());
  const small = await atFixedRate(bench, { ...gets, name: `${gets.name}, ${what}` }, smallRate, {
    connections: smallConnections,
  }).finally(() => watch.end());
  return { what, small, peak: watch.end() };
}

async function besideIdle(bench: LayerBench, gets: Subject): Promise<Pick<Round, 'idle' | 'answering'>> {
  const count = bench.plan.idleConnections;
  const held = await IdleConnections.open(gets.port, count);
  try {
    const idle = await beside(bench, gets, `beside ${number(count)} idle connections`);
    return { idle, answering: await held.answering() };
  } finally {
    held.close();
  }
}

const values = { entries: large.entries, first: large.first, valueBytes: large.bytes } as const;

async function loadLargeValues({ generator }: LayerBench, store: LayeredStore, { port }: Subject): Promise<void> {
  const workload: Workload = { kind: 'put', ...values, distribution: 'in order', waitSeconds: 30 };
  const load = { connections: 4, warmupSeconds: 0, seconds: 60, seed: 0, count: large.entries, port, workload };
  await store.settle((await generator.send(load)).writes);
}

async function besideLargeValues(bench: LayerBench, store: LayeredStore, gets: Subject): Promise<Beside> {
  const { plan } = bench;
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

/** Highest of all rounds. */
function peakOf(rounds: readonly Beside[]): ByKind {
  const peak = new Map<string, number>();
  for (const [kind, mib] of rounds.flatMap(({ peak: each }) => [...each]))
    peak.set(kind, Math.max(mib, peak.get(kind) ?? 0));
  return peak;
}

function sum(peak: ByKind): number {
  return [...peak.values()].reduce((all, mib) => all + mib, 0);
}

function memoryFacts(rounds: readonly Beside[]): Fact[] {
  const busy = [...peakOf(rounds)].filter(([, mib]) => mib >= 1).sort(([, one], [, other]) => other - one);
  const what = rounds[0]?.what ?? '';
  const parts = busy.map(([kind, value]) => ({ name: `${what}: highest RSS, ${kind}`, value, unit: 'MiB' }));
  return [{ name: `${what}: highest RSS, all`, value: sum(peakOf(rounds)), unit: 'MiB' }, ...parts];
}

function idleCheck(count: number, rounds: readonly Round[]): Check {
  const answered = Math.min(...rounds.map(({ answering }) => answering));
  return {
    what: 'every idle connection is still answered',
    isMet: answered === count,
    detail: `${number(answered)} of ${number(count)}`,
  };
}

function memoryCheck(rounds: readonly Beside[], quiet: readonly Beside[]): Check {
  const more = sum(peakOf(rounds)) - sum(peakOf(quiet));
  return {
    what: `memory ${rounds[0]?.what} stays within ${number(memoryBound)} MiB of the quiet figure`,
    isMet: more <= memoryBound,
    detail: `${number(more)} MiB more, all processes`,
  };
}

function timesTarget(rounds: readonly Beside[], quiet: readonly Beside[]): Target {
  const p99 = (each: Beside | undefined) => each?.small.latency.p99 ?? Number.NaN;
  return {
    work: `small GETs ${rounds[0]?.what}: p99 at ${smallRate}/s`,
    limit: atMost(3),
    unit: 'of the quiet figure',
    measured: spreadOf(rounds.map((each, round) => p99(each) / p99(quiet[round]))),
  };
}
