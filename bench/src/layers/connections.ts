import { IdleConnections } from '../idle-connections.ts';
import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { startNginx } from '../peers/edge.ts';
import type { Peer } from '../peers/peer.ts';
import { runningPid } from '../peers/runner.ts';
import { number } from '../report/table.ts';
import type { Check, Scenario, ScenarioFigures } from '../scenario.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { type Beside, beside, memoryCheck, memoryFacts, timesTarget } from './beside.ts';
import { loadHotEntries } from './entries.ts';
import { largeConnections, loadLargeValues, withLargeValues } from './large-values.ts';

export const connections: Scenario = {
  name: 'connections',
  title: 'Many connections, and large values',
  about:
    'Small GETs at a fixed rate: alone; beside idle connections through an Nginx that may have more of them than by default (`KV_NGINX_CONNECTIONS`); beside 256 connections that carry values of 1 MiB, one PUT for each GET, at a rate that leaves both cores some room (40 MiB/s: a value is copied by seven processes and flushed by two); and at last beside as many that send as fast as they get answers. The memory of each kind of process is watched meanwhile.',
  run: measureConnections,
};

const largeRate = 40;
/** p99 of the small ones, to the quiet figure. */
const mostSlowdown = 3;
/** What Nginx needs beside the idle ones. */
const nginxSpare = 2000;
/** MiB more than before there were any: of calm loads, and of a flood, which fills every buffer up to its limit. */
const memoryBounds = { calm: 1024, flood: 4096 } as const;

interface Round {
  readonly quiet: Beside;
  readonly idle: Beside;
  readonly large: Beside;
  /** Idle connections that were still answered. */
  readonly answering: number;
}

async function measureConnections(bench: LayerBench): Promise<ScenarioFigures> {
  const { plan } = bench;
  const store = await loadHotEntries(bench);
  const edge = await wideEdge(bench, store);
  const { hotEntries: entries, valueBytes } = plan;
  const gets: Subject = subjectOf(edge, 'small GETs', { kind: 'get', entries, distribution: 'uniform', valueBytes });
  await beside(bench, gets, 'not counted');
  const before = await beside(bench, gets, 'before any large value');
  await loadLargeValues(bench, store, gets.port);
  const rounds: Round[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    rounds.push({
      quiet: await beside(bench, gets, 'alone'),
      ...(await besideIdle(bench, gets)),
      large: await besideLargeValues(bench, store, gets),
    });
  }
  const { flood, rate } = await besideFlood(bench, store, gets);
  const after = await beside(bench, gets, 'alone, after the flood');
  const quiet = rounds.map((round) => round.quiet);
  const idle = rounds.map((round) => round.idle);
  const large = rounds.map((round) => round.large);
  const all = [[before], quiet, idle, large, [flood], [after]];
  const { calm, flood: flooded } = memoryBounds;
  return {
    fixedRates: all.flat().map(({ small }) => small),
    facts: [...all.flatMap(memoryFacts), { name: 'large values of the flood', value: rate, unit: 'answers/s' }],
    checks: [
      idleCheck(plan.idleConnections, rounds),
      memoryCheck(idle, [before], calm),
      memoryCheck(large, [before], calm),
      memoryCheck([flood], [before], flooded),
    ],
    targets: [
      timesTarget(idle, quiet, mostSlowdown),
      timesTarget(large, quiet, mostSlowdown),
      timesTarget([flood], quiet.slice(-1), mostSlowdown),
      timesTarget([after], quiet.slice(-1)),
    ],
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

async function besideLargeValues(bench: LayerBench, store: LayeredStore, gets: Subject): Promise<Beside> {
  const { port } = gets;
  const what = `beside ${largeConnections} connections with 1 MiB values, ${largeRate}/s`;
  const { made } = await withLargeValues(bench, { store, port, rate: largeRate }, () => beside(bench, gets, what));
  return made;
}

async function besideFlood(
  bench: LayerBench,
  store: LayeredStore,
  gets: Subject,
): Promise<{ readonly flood: Beside; readonly rate: number }> {
  const { port } = gets;
  const what = `beside a flood of 1 MiB values by ${largeConnections} connections`;
  const { made, large } = await withLargeValues(bench, { store, port }, () => beside(bench, gets, what));
  return { flood: made, rate: large.answers / large.seconds };
}

function idleCheck(count: number, rounds: readonly Round[]): Check {
  const answered = Math.min(...rounds.map(({ answering }) => answering));
  return {
    what: 'every idle connection is still answered',
    isMet: answered === count,
    detail: `${number(answered)} of ${number(count)}`,
  };
}
