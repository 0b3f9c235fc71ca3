/** How long and how much a run measures. */
export interface Plan {
  readonly isQuick: boolean;
  readonly starts: number;
  readonly connections: number;
  readonly valueBytes: number;
  /** Rounds in which the servers take turns. */
  readonly rounds: number;
  readonly warmupSeconds: number;
  readonly roundSeconds: number;
  /** Seconds of a load at a fixed rate. */
  readonly fixedRateSeconds: number;
  /** Sizes at which growth is measured, rising. */
  readonly sizes: readonly number[];
  readonly growthSeconds: number;
}

const common = { connections: 64, valueBytes: 128 };

/** About a minute. */
export const quickPlan: Plan = {
  ...common,
  isQuick: true,
  starts: 3,
  rounds: 3,
  warmupSeconds: 0.5,
  roundSeconds: 1,
  fixedRateSeconds: 3,
  sizes: [10_000, 50_000],
  growthSeconds: 1,
};

/** Up to ten minutes, most of it loading. */
export const fullPlan: Plan = {
  ...common,
  isQuick: false,
  starts: 7,
  rounds: 5,
  warmupSeconds: 1,
  roundSeconds: 3,
  fixedRateSeconds: 10,
  sizes: [10_000, 100_000, 2_000_000],
  growthSeconds: 4,
};
