import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { Generator } from '../load.ts';
import type { LoadResult } from '../load-types.ts';
import type { Workload } from '../workload.ts';

/** Connections that carry them. */
export const largeConnections = 256;
const values = { entries: 32, first: 100_000_000, valueBytes: 1024 * 1024, distribution: 'uniform' } as const;
/** Clients put and get in turn. A put waits, so that what is in flight is what is being worked on. */
const workload: Workload = {
  kind: 'mixed',
  parts: [
    { kind: 'put', ...values, waitSeconds: 30 },
    { kind: 'get', ...values },
  ],
};

/** Makes sure that there are values of 1 MiB to get. */
export async function loadLargeValues({ generator }: LayerBench, store: LayeredStore, port: number): Promise<void> {
  const fill: Workload = { kind: 'put', ...values, distribution: 'in order', waitSeconds: 30 };
  const load = { connections: 4, warmupSeconds: 0, seconds: 60, seed: 0, count: values.entries };
  await store.settle((await generator.send({ ...load, port, workload: fill })).writes);
}

/**
 * Puts and gets values of 1 MiB while something else is done, by a generator of its own.
 *
 * @param rate requests a second; undefined: each connection sends when it has its answer
 */
export async function withLargeValues<Made>(
  { plan }: LayerBench,
  { store, port, rate }: { readonly store: LayeredStore; readonly port: number; readonly rate?: number },
  work: () => Promise<Made>,
): Promise<{ readonly made: Made; readonly large: LoadResult }> {
  const generator = await Generator.start();
  try {
    const seconds = plan.warmupSeconds + plan.fixedRateSeconds + 1;
    const pace = rate === undefined ? {} : { rate };
    const load = { connections: largeConnections, warmupSeconds: 0, seconds, seed: 7, ...pace };
    const [made, large] = await Promise.all([work(), generator.send({ ...load, port, workload })]);
    await store.settle(large.writes);
    return { made, large };
  } finally {
    generator.close();
  }
}
