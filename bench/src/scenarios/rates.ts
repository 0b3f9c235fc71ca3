import type { Bench } from '../bench.ts';
import type { Measurement } from '../load.ts';
import { makeDataFolder, type Server, startConstant, startStore } from '../server.ts';
import { type Drain, SettledWrites } from '../settled-writes.ts';
import { type Spread, spreadOf } from '../spread.ts';
import type { Workload } from '../workload.ts';

export interface RateFigures {
  readonly name: string;
  readonly rate: Spread;
  /** To the constant route of the same round. */
  readonly ratio: Spread;
  /** CPU of the server an answer, to the constant route of the same round. */
  readonly cpuRatio: Spread;
  /** Of writes: how they were applied. */
  readonly settling: Settling | undefined;
  readonly rounds: readonly Measurement[];
}

export interface Settling {
  /** Operations a second that got their outcome, from the start of the load until the last one had it. */
  readonly rate: Spread;
  /** Operations without an outcome at the end of the load. */
  readonly backlog: Spread;
  /** Seconds from then until there was none. */
  readonly drainSeconds: Spread;
}

/** Entries of the GETs: few, so that all are in the cache. */
export const hotEntries = 1000;
const waitSeconds = 5;
const constantName = 'constant route (house settings)';

interface Contestant {
  readonly name: string;
  readonly server: Server;
  readonly workload: (round: number) => Workload;
  readonly isWrite?: boolean;
}

interface Turn {
  readonly measurement: Measurement;
  readonly drained: (Drain & { readonly rate: number }) | undefined;
}

/** Rates with as many connections as the plan says, the servers taking turns, round by round. */
export async function measureRates(bench: Bench): Promise<RateFigures[]> {
  const { valueBytes } = bench.plan;
  const folder = await makeDataFolder();
  const servers: Server[] = [];
  try {
    const kit = await startConstant('kit', valueBytes);
    servers.push(kit);
    const bare = await startConstant('bare', valueBytes);
    servers.push(bare);
    const store = await startStore(folder.path);
    servers.push(store);
    return await compete(bench, store, contestants(bench, { kit, bare, store }));
  } finally {
    for (const server of servers) await server.close();
    await folder.remove();
  }
}

function contestants({ plan }: Bench, { kit, bare, store }: Record<'kit' | 'bare' | 'store', Server>): Contestant[] {
  const { valueBytes } = plan;
  const constant = (): Workload => ({ kind: 'constant', bytes: valueBytes });
  // Distinct keys: each round writes entries of its own.
  const put = (round: number, wait?: number): Workload => ({
    kind: 'put',
    first: (round + 1) * 10_000_000 + (wait === undefined ? 0 : 5_000_000),
    entries: 5_000_000,
    distribution: 'in order',
    valueBytes,
    ...(wait === undefined ? {} : { waitSeconds: wait }),
  });
  return [
    { name: constantName, server: kit, workload: constant },
    {
      name: `GET, cached, ${valueBytes} B`,
      server: store,
      workload: () => ({ kind: 'get', entries: hotEntries, distribution: 'uniform', valueBytes }),
    },
    { name: 'constant route (bare Fastify)', server: bare, workload: constant },
    { name: 'PUT, durable (202)', server: store, workload: (round) => put(round), isWrite: true },
    {
      name: `PUT, waited (Prefer: wait=${waitSeconds})`,
      server: store,
      workload: (round) => put(round, waitSeconds),
      isWrite: true,
    },
  ];
}

async function compete(bench: Bench, store: Server, all: readonly Contestant[]): Promise<RateFigures[]> {
  const { plan, generator, tell } = bench;
  const { connections, valueBytes, warmupSeconds, roundSeconds } = plan;
  const fill: Workload = { kind: 'put', entries: hotEntries, distribution: 'in order', valueBytes, waitSeconds: 30 };
  const load = { connections, warmupSeconds, seconds: roundSeconds };
  const filled = await generator.run(store, { ...load, workload: fill, warmupSeconds: 0, count: hotEntries, seed: 0 });
  const settled = new SettledWrites(() => [store.port]);
  await settled.all(filled.allAnswers);
  const turns = new Map<string, Turn[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const { name, server, workload, isWrite } of all) {
      const startedAt = performance.now();
      const measurement = await generator.run(server, { ...load, workload: workload(round), seed: round });
      if (isWrite) {
        const drained = await settled.all(measurement.allAnswers);
        const rate = (1000 * measurement.allAnswers) / (performance.now() - startedAt);
        turns.get(name)?.push({ measurement, drained: { ...drained, rate } });
      } else turns.get(name)?.push({ measurement, drained: undefined });
      tell(`round ${round + 1}: ${name}: ${Math.round(measurement.rate)}/s`);
    }
  }
  const constant = turns.get(constantName) ?? [];
  return [...turns].map(([name, own]) => summarize(name, own, constant));
}

function summarize(name: string, turns: readonly Turn[], constant: readonly Turn[]): RateFigures {
  const rounds = turns.map(({ measurement }) => measurement);
  const ratio = (of: (measurement: Measurement) => number) =>
    spreadOf(rounds.map((round, index) => of(round) / of((constant[index] as Turn).measurement)));
  return {
    name,
    rate: spreadOf(rounds.map(({ rate }) => rate)),
    ratio: ratio(({ rate }) => rate),
    cpuRatio: ratio(({ serverMicros }) => serverMicros),
    settling: settlingOf(turns.map(({ drained }) => drained).filter((drained) => drained !== undefined)),
    rounds,
  };
}

function settlingOf(drains: readonly NonNullable<Turn['drained']>[]): Settling | undefined {
  if (drains.length === 0) return undefined;
  return {
    rate: spreadOf(drains.map(({ rate }) => rate)),
    backlog: spreadOf(drains.map(({ backlog }) => backlog)),
    drainSeconds: spreadOf(drains.map(({ seconds }) => seconds)),
  };
}
