import type { FreshnessFigures } from './freshness.ts';
import type { Workload } from './workload.ts';

/* What the benchmark and its load generator, a process of its own, tell one another. */

export interface Load {
  readonly port: number;
  readonly workload: Workload;
  readonly connections: number;
  /** Sent before anything is counted. */
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly seed: number;
  /**
   * Requests a second, sent when they are due whether or not those before were answered in time (open loop): a latency
   * counts from when the request was due. Undefined: each connection sends when it has its answer (closed loop).
   */
  readonly rate?: number;
  /** End after so many requests, however long that takes. */
  readonly count?: number;
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LoadResult {
  /** Answers in the time that counts, every one checked. */
  readonly answers: number;
  /** Answers in all, also those of the warm-up. */
  readonly allAnswers: number;
  /** Of these, writes. */
  readonly writes: number;
  readonly seconds: number;
  /** Requests of an open loop that were due and for which no connection was free until the end. */
  readonly unsent: number;
  /** Of an open loop: unsent requests count as long as they had waited at the end, which is less than it was to be. */
  readonly latency: Latency;
  /** CPU time of the generator in the time that counts, microseconds. */
  readonly generatorCpuMicros: number;
  /** Of a workload that watches how old the answers are. */
  readonly freshness?: FreshnessFigures;
}

export type GeneratorMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measuring' }
  | { readonly kind: 'done'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly detail: string };
