import type { Bench } from '../bench.ts';
import { Generator, type Measurement } from '../load.ts';
import { makeDataFolder, type Server, startStore } from '../server.ts';
import type { Workload } from '../workload.ts';
import { hotEntries } from './rates.ts';

/** Latencies at a fixed rate: each counts from when its request was due. */
export interface LatencyFigures {
  /** GETs of cached entries at half the highest rate. */
  readonly halfPeak: { readonly wanted: number; readonly measurement: Measurement };
  readonly interference: readonly Interference[];
}

/** Small GETs beside other traffic. */
export interface Interference {
  readonly beside: string;
  readonly small: Measurement;
  /** The other traffic; undefined: none. */
  readonly other: Measurement | undefined;
}

/** A store that was just started has yet to compile its code. */
const coldSeconds = 2;
const smallRate = 500;
const smallConnections = 16;
const largeBytes = 1024 * 1024;
const largeEntries = 16;
const listedEntries = 8000;
/** Far from the small ones. */
const largeFirst = 100_000_000;
const otherConnections = 6;
const otherRate = 60;

/** @param peak GETs a second that were reached */
export async function measureLatencies(bench: Bench, peak: number): Promise<LatencyFigures> {
  const folder = await makeDataFolder();
  const store = await startStore(folder.path);
  try {
    await fill(bench, store);
    const wanted = Math.round(peak / 2);
    const measurement = await bench.generator.run(store, {
      workload: smallGets(bench),
      connections: bench.plan.connections,
      warmupSeconds: coldSeconds,
      seconds: bench.plan.fixedRateSeconds,
      seed: 1,
      rate: wanted,
    });
    bench.tell(`GET at ${wanted}/s: p99 ${measurement.latency.p99.toFixed(2)} ms`);
    return { halfPeak: { wanted, measurement }, interference: await interfere(bench, store) };
  } finally {
    await store.close();
    await folder.remove();
  }
}

async function fill({ generator, plan }: Bench, store: Server): Promise<void> {
  const { valueBytes } = plan;
  const common = { warmupSeconds: 0, seconds: 60, seed: 0 };
  const put = { kind: 'put', distribution: 'in order', waitSeconds: 30 } as const;
  const small: Workload = { ...put, entries: listedEntries, valueBytes };
  await generator.run(store, { ...common, workload: small, connections: 64, count: listedEntries });
  const large: Workload = { ...put, first: largeFirst, entries: largeEntries, valueBytes: largeBytes };
  await generator.run(store, { ...common, workload: large, connections: 2, count: largeEntries });
}

function smallGets({ plan }: Bench): Workload {
  return { kind: 'get', entries: hotEntries, distribution: 'uniform', valueBytes: plan.valueBytes };
}

/** One third each: writes of 1 MiB, reads of 1 MiB, list pages of 1,000 entries. */
const otherTraffic: Workload = {
  kind: 'mixed',
  parts: [
    { kind: 'put', first: largeFirst, entries: largeEntries, distribution: 'uniform', valueBytes: largeBytes },
    { kind: 'get', first: largeFirst, entries: largeEntries, distribution: 'uniform', valueBytes: largeBytes },
    { kind: 'list', entries: listedEntries, limit: 1000 },
  ],
};

async function interfere(bench: Bench, store: Server): Promise<Interference[]> {
  const second = await Generator.start();
  try {
    const run = async (beside: string, rate: number | undefined): Promise<Interference> => {
      const seconds = bench.plan.fixedRateSeconds;
      const load = { warmupSeconds: bench.plan.warmupSeconds, seconds, seed: 2 };
      const others = { ...load, workload: otherTraffic, connections: otherConnections };
      const gets = { ...load, workload: smallGets(bench), connections: smallConnections, rate: smallRate };
      const [small, other] = await Promise.all([
        bench.generator.run(store, gets),
        rate === undefined ? undefined : second.run(store, rate === Infinity ? others : { ...others, rate }),
      ]);
      bench.tell(`${smallRate} GET/s beside ${beside}: p99 ${small.latency.p99.toFixed(2)} ms`);
      return { beside, small, other };
    };
    return [
      await run('nothing else', undefined),
      await run(`${otherRate}/s of 1 MiB PUTs, 1 MiB GETs and pages of 1,000`, otherRate),
      await run(`the same as fast as it goes (${otherConnections} connections)`, Number.POSITIVE_INFINITY),
    ];
  } finally {
    second.close();
  }
}
