import type { Generator } from './load.ts';
import type { Load } from './load-types.ts';
import type { Subject } from './subject.ts';
import { type Kinds, type Turn, total } from './turn.ts';
import { type ByKind, cpuByKind, memoryByKind } from './usage.ts';

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
    ...(result.unsent === 0 ? {} : { unsent: result.unsent }),
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
