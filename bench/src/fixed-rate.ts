import { type Contest, subjectIn } from './contest.ts';
import type { LayerBench } from './layer-bench.ts';
import type { Latency } from './load-types.ts';
import type { Subject } from './subject.ts';
import { takeTurn } from './take-turn.ts';
import type { Kinds } from './turn.ts';

/** Latencies at a fixed rate, each from when its request was due: open loop, without coordinated omission. */
export interface FixedRate {
  readonly name: string;
  /** Requests a second. */
  readonly wanted: number;
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly latency: Latency;
  /** Requests that were due and never sent: the times are longer than is told. */
  readonly unsent?: number;
  readonly cpuMicros: Kinds;
}

/** @param rate requests a second */
export async function atFixedRate(
  { generator, plan, tell }: LayerBench,
  subject: Subject,
  rate: number,
  { connections = plan.connections, seconds = plan.fixedRateSeconds, seed = 100 } = {},
): Promise<FixedRate> {
  const { warmupSeconds } = plan;
  const turn = await takeTurn(generator, subject, { connections, warmupSeconds, seconds, seed, rate });
  tell(`${subject.name} at ${Math.round(rate)}/s: p99 ${turn.latency.p99.toFixed(2)} ms`);
  const { latency, cpuMicros, unsent } = turn;
  const late = unsent === undefined ? {} : { unsent };
  return { name: subject.name, wanted: rate, rate: turn.rate, latency, cpuMicros, ...late };
}

/** Half of what the slowest of them reached in a closed loop, so that none is at its limit. @returns requests a second */
export function halfOfSlowest(contest: Contest, names: readonly string[]): number {
  return Math.round(Math.min(...names.map((name) => subjectIn(contest, name).rate.median)) / 2);
}
