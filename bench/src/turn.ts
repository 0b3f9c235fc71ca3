import type { Generator } from './load.ts';
import type { Latency, Load, LoadResult } from './load-types.ts';
import type { Subject } from './subject.ts';
import { type ByKind, cpuByKind, memoryByKind } from './usage.ts';

/** Of each kind of process. Plain data, as it goes into the results. */
export type Kinds = Readonly<Record<string, number>>;

/** What one load on one subject gave, and what it cost. */
export interface Turn {
  /** Answers a second, in the time that counts. */
  readonly rate: number;
  readonly answers: number;
  readonly latency: Latency;
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

/** @throws Error when an answer was wrong, the load or its writes did not end in time, or a process died */
export async function takeTurn(
  generator: Generator,
  subject: Subject,
  load: Omit<Load, 'port' | 'workload'>,
): Promise<Turn> {
  const { port, processes, prepare, settle, workload } = subject;
  await prepare?.();
  const atStart = cpuByKind(processes());
  let atMeasuring = atStart;
  const result = await generator.send({ ...load, port, workload: workload(load.seed) }, () => {
    atMeasuring = cpuByKind(processes());
  });
  const atEnd = cpuByKind(processes());
  const endedAt = performance.now();
  await settle?.(result.writes);
  const settled = settle && { settleSeconds: (performance.now() - endedAt) / 1000 };
  return {
    rate: result.answers / result.seconds,
    answers: result.answers,
    latency: result.latency,
    cpuMicros: settle
      ? perAnswer(atStart, cpuByKind(processes()), result.allAnswers)
      : perAnswer(atMeasuring, atEnd, result.answers),
    generatorMicros: result.generatorCpuMicros / result.answers,
    ...settled,
    pssMiB: Object.fromEntries(memoryByKind(processes())),
    rssMiB: total(Object.fromEntries(memoryByKind(processes(), 'rss'))),
    ...(result.freshness === undefined ? {} : { freshness: result.freshness }),
  };
}

function perAnswer(before: ByKind, after: ByKind, answers: number): Kinds {
  const micros = [...after].map(([kind, seconds]): [string, number] => [
    kind,
    ((seconds - (before.get(kind) ?? 0)) * 1_000_000) / answers,
  ]);
  return Object.fromEntries(micros);
}

/** Of all kinds together. */
export function total(kinds: Kinds): number {
  return Object.values(kinds).reduce((sum, each) => sum + each, 0);
}
