import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { signalTree } from '../../../native/src/process-tree.ts';
import type { LayerBench } from '../layer-bench.ts';
import { LayeredStore } from '../layered-store.ts';
import { measureRawApply } from '../raw-database.ts';
import { number } from '../report/table.ts';
import { atLeast, type Check, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { spreadOf } from '../spread.ts';
import type { Workload } from '../workload.ts';

export const drain: Scenario = {
  name: 'drain',
  title: 'Working off a backlog',
  about:
    'Writes are accepted while both consumers are frozen (SIGSTOP), as they would be by an outage. The time counts from the moment they go on until the last write has its outcome, what they need to find back to the broker and to their leases included. The raw figure is what the same PostgreSQL applies on one connection, in batches of 500, in the same round.',
  run: measureDrain,
};

const consumers = 2;
const connections = 256;
/** Requests of one load: fewer than can take longer than the generator is waited for. */
const chunk = 50_000;
/** After the last outcome, for one too many to show itself. */
const quietMs = 2000;

export interface DrainRound {
  /** Operations a second from the moment the consumers go on. */
  readonly rate: number;
  /** The same from the first outcome. */
  readonly pureRate: number;
  readonly raw: number;
}

async function measureDrain(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan, tell } = bench;
  await arena.clear();
  const store = await LayeredStore.start(arena.path('drain'), { KV_NATIVE_CONSUMERS: `${consumers}` });
  try {
    const rounds: DrainRound[] = [];
    for (let round = 0; round < plan.drainRounds; round += 1) {
      const made = await measureDrainRound(bench, store, round);
      tell(`drained at ${Math.round(made.rate)}/s, raw database ${Math.round(made.raw)}/s`);
      rounds.push(made);
    }
    const spread = (of: (round: DrainRound) => number) => spreadOf(rounds.map(of));
    const { backlog, backlogEntries } = plan;
    return {
      facts: [
        { name: 'drained, from the moment the consumers go on', value: spread(({ rate }) => rate).median, unit: '/s' },
        { name: 'drained, from the first outcome', value: spread(({ pureRate }) => pureRate).median, unit: '/s' },
        { name: 'raw database', value: spread(({ raw }) => raw).median, unit: '/s' },
      ],
      checks: [await accountCheck(store)],
      targets: [
        {
          work: `apply drain: a backlog of ${number(backlog)} writes over ${number(backlogEntries)} keys, two consumers`,
          limit: atLeast(0.6),
          unit: 'of the raw database figure',
          measured: spread(({ rate, raw }) => rate / raw),
        },
        {
          work: 'the same, from the first outcome',
          unit: 'of the raw database figure',
          measured: spread(({ pureRate, raw }) => pureRate / raw),
        },
      ],
    };
  } finally {
    await store.stop();
  }
}

/** Makes a backlog, and lets the consumers, as many as there are, work it off. */
export async function measureDrainRound(bench: LayerBench, store: LayeredStore, round: number): Promise<DrainRound> {
  const { backlog, backlogEntries, valueBytes } = bench.plan;
  const load = { operations: backlog, entries: backlogEntries, valueBytes };
  const raw = await measureRawApply(store.native.secret('database-url'), load);
  const frozen = store.processesOf('consumer');
  for (const pid of frozen) signalTree(pid, 'SIGSTOP');
  try {
    await accept(bench, store, round);
  } finally {
    for (const pid of frozen) signalTree(pid, 'SIGCONT');
  }
  const startedAt = performance.now();
  const before = store.settled.accepted - backlog;
  while ((await store.settled.outcomes()) <= before) await sleep(10);
  const firstAt = performance.now();
  await store.settled.all();
  const endedAt = performance.now();
  const perSecond = (since: number) => backlog / ((endedAt - since) / 1000);
  return { rate: perSecond(startedAt), pureRate: perSecond(firstAt), raw };
}

async function accept({ generator, plan, tell }: LayerBench, store: LayeredStore, round: number): Promise<void> {
  const { backlog, backlogEntries: entries, valueBytes } = plan;
  const workload: Workload = { kind: 'put', entries, distribution: 'uniform', valueBytes };
  const { port } = store.gateway;
  for (let sent = 0; sent < backlog; sent += chunk) {
    const count = Math.min(chunk, backlog - sent);
    const load = { connections, warmupSeconds: 0, seconds: 60, seed: 1000 * round + sent, count, port, workload };
    store.settled.note((await generator.send(load)).writes);
    tell(`accepted ${sent + count}`);
  }
}

/** Each accepted write has exactly one row in the operations log, and is in the outcomes once. */
async function accountCheck({ settled, native }: LayeredStore): Promise<Check> {
  await sleep(quietMs);
  const client = new Client({ connectionString: native.secret('database-url') });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM operations');
    const [logged, outcomes] = [rows[0]?.count ?? 0, await settled.outcomes()];
    return {
      what: 'every accepted write got one outcome',
      isMet: logged === settled.accepted && outcomes === settled.accepted,
      detail: `${number(settled.accepted)} accepted, ${number(outcomes)} outcomes, ${number(logged)} in the operations log`,
    };
  } finally {
    await client.end();
  }
}
