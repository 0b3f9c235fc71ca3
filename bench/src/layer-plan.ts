/** How long and how much a run on the layered store measures. */
export interface LayerPlan {
  readonly name: 'quick' | 'short' | 'full';
  readonly connections: number;
  /** Of whoever loads entries. */
  readonly loadConnections: number;
  readonly valueBytes: number;
  /** Entries of the GETs that hit and of the PUTs: few, so that all are in the cache. */
  readonly hotEntries: number;
  /** Rounds in which subjects take turns. */
  readonly rounds: number;
  readonly warmupSeconds: number;
  /** Seconds of each subject's load before its first round. */
  readonly coldSeconds: number;
  readonly roundSeconds: number;
  /** Seconds of a load at a fixed rate. */
  readonly fixedRateSeconds: number;
  /** Sizes at which the cost of a request is measured, rising; at the last one, reads miss. */
  readonly sizes: readonly number[];
  /** Writes of the backlog, and the entries they are about. */
  readonly backlog: number;
  readonly backlogEntries: number;
  readonly drainRounds: number;
  /** Entries of the mixed load. */
  readonly mixedEntries: number;
  readonly idleConnections: number;
  /** Entries that growth is measured with. */
  readonly growthEntries: number;
}

const common = { connections: 64, loadConnections: 256, valueBytes: 128, hotEntries: 10_000 };

/** A plan whose store grows to so many entries. */
export function withEntries(plan: LayerPlan, entries: number): LayerPlan {
  const sizes = [...plan.sizes.filter((size) => size < entries), entries];
  return { ...plan, sizes, mixedEntries: entries, growthEntries: entries };
}

/** To try the benchmark out: its figures mean little. */
export const quickLayerPlan: LayerPlan = {
  ...common,
  name: 'quick',
  rounds: 1,
  warmupSeconds: 0.5,
  coldSeconds: 0.5,
  roundSeconds: 1,
  fixedRateSeconds: 2,
  sizes: [5_000, 20_000],
  backlog: 20_000,
  backlogEntries: 10_000,
  drainRounds: 1,
  mixedEntries: 20_000,
  idleConnections: 1000,
  growthEntries: 20_000,
};

/** A few minutes. */
export const shortLayerPlan: LayerPlan = {
  ...common,
  name: 'short',
  rounds: 3,
  warmupSeconds: 0.5,
  coldSeconds: 1.5,
  roundSeconds: 1.5,
  fixedRateSeconds: 5,
  sizes: [10_000, 100_000],
  backlog: 100_000,
  backlogEntries: 100_000,
  drainRounds: 1,
  mixedEntries: 100_000,
  idleConnections: 10_000,
  growthEntries: 1_000_000,
};

/** As the targets have it. With ten million entries, most of it is loading. */
export const fullLayerPlan: LayerPlan = {
  ...common,
  name: 'full',
  rounds: 5,
  warmupSeconds: 2,
  coldSeconds: 4,
  roundSeconds: 5,
  fixedRateSeconds: 20,
  sizes: [10_000, 100_000, 1_000_000, 10_000_000],
  backlog: 500_000,
  backlogEntries: 100_000,
  drainRounds: 3,
  mixedEntries: 1_000_000,
  idleConnections: 10_000,
  growthEntries: 10_000_000,
};
