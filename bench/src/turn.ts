import type { Latency, LoadResult } from './load-types.ts';

/** Of each kind of process. Plain data, as it goes into the results. */
export type Kinds = Readonly<Record<string, number>>;

/** What one load on one subject gave, and what it cost. */
export interface Turn {
  /** Answers a second, in the time that counts. */
  readonly rate: number;
  readonly answers: number;
  readonly latency: Latency;
  /** See `LoadResult`; absent when none. */
  readonly unsent?: number;
  /**
   * CPU of the subject's processes, microseconds an answer. Of a subject that settles: over the warm-up too, and until the
   * last write was applied.
   */
  readonly cpuMicros: Kinds;
  /** CPU of the load generator, microseconds an answer. */
  readonly generatorMicros: number;
  /** Seconds from the last answer until the last write was applied; of a subject that settles. */
  readonly settleSeconds?: number;
  /** MiB when the load had ended. PSS: pages that processes share count once in all. */
  readonly pssMiB: Kinds;
  /** MiB, summed: what processes share counts in each. */
  readonly rssMiB: number;
  readonly freshness?: LoadResult['freshness'];
}

/** Of all kinds together. */
export function total(kinds: Kinds): number {
  return Object.values(kinds).reduce((sum, each) => sum + each, 0);
}
