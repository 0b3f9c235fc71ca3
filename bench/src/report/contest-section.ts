import type { Contest, SubjectFigures } from '../contest.ts';
import { number, spread, table } from './table.ts';

/** Rates and times of subjects that took turns. */
export function renderContest({ title, connections, subjects }: Contest): string {
  const settles = subjects.some(({ settleSeconds }) => settleSeconds !== undefined);
  const head = [
    `${title}: ${connections} connections, closed loop`,
    'answers/s',
    'p50 / p99, ms',
    'CPU of all processes, µs',
    ...(settles ? ['applied after, s'] : []),
    'PSS, MiB',
    'RSS, MiB',
    'generator CPU, µs',
  ];
  const rows = subjects.map((subject) => [
    subject.name,
    spread(subject.rate),
    `${number(subject.p50)} / ${number(subject.p99)}`,
    spread(subject.allCpuMicros),
    ...(settles ? [subject.settleSeconds === undefined ? '' : spread(subject.settleSeconds)] : []),
    number(Object.values(subject.pssMiB).reduce((sum, each) => sum + each, 0)),
    number(subject.rssMiB),
    number(subject.generatorMicros),
  ]);
  return table(head, rows);
}

/** Kinds of process that took less than this are left out, microseconds an answer. */
const leastMicros = 0.1;

/** CPU by kind of process: what limits which layer. */
export function renderCosts(subjects: readonly SubjectFigures[]): string {
  const kinds = costKinds(subjects);
  const rows = subjects.map(({ name, cpuMicros }) => [
    name,
    ...kinds.map((kind) => (cpuMicros[kind] === undefined ? '' : number(cpuMicros[kind]))),
  ]);
  return table(['CPU, µs an answer', ...kinds], rows);
}

/** Those that did something, the busiest first. */
export function costKinds(subjects: readonly SubjectFigures[]): readonly string[] {
  const most = new Map<string, number>();
  for (const { cpuMicros } of subjects) {
    for (const [kind, micros] of Object.entries(cpuMicros)) most.set(kind, Math.max(most.get(kind) ?? 0, micros));
  }
  return [...most]
    .filter(([, micros]) => micros >= leastMicros)
    .sort(([, one], [, other]) => other - one)
    .map(([kind]) => kind);
}
