import { type Spread, spreadOf } from './spread.ts';
import { type Kinds, type Turn, total } from './turn.ts';

/** One subject over all its rounds. */
export interface SubjectFigures {
  readonly name: string;
  /** Answers a second. */
  readonly rate: Spread;
  /** Milliseconds, median of the rounds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds an answer by kind of process, median of the rounds; and of all of them. */
  readonly cpuMicros: Kinds;
  readonly allCpuMicros: Spread;
  readonly generatorMicros: number;
  readonly settleSeconds?: Spread;
  /** MiB after the last round. */
  readonly pssMiB: Kinds;
  readonly rssMiB: number;
  readonly rounds: readonly Turn[];
}

/** Subjects that took turns, closed loop. */
export interface Contest {
  readonly title: string;
  readonly connections: number;
  readonly subjects: readonly SubjectFigures[];
}

/** Rate to that of another subject in the same round. */
export function rateRatio(contest: Contest, name: string, peer: string): Spread {
  return ratio(contest, name, peer, ({ rate }) => rate);
}

/** Some figure to that of another subject in the same round. */
export function ratio(contest: Contest, name: string, peer: string, of: (turn: Turn) => number): Spread {
  const others = subjectIn(contest, peer).rounds;
  const own = subjectIn(contest, name).rounds;
  return spreadOf(own.map((turn, round) => of(turn) / of(others[round] as Turn)));
}

/** @throws Error when nobody of that name took part */
export function subjectIn({ title, subjects }: Contest, name: string): SubjectFigures {
  const found = subjects.find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`${name} took no part in "${title}"`);
  return found;
}

/** @throws TypeError without any round */
export function summarize(name: string, rounds: readonly Turn[]): SubjectFigures {
  const median = (of: (turn: Turn) => number) => spreadOf(rounds.map(of)).median;
  const last = rounds.at(-1) as Turn;
  const settling = rounds.map(({ settleSeconds }) => settleSeconds).filter((seconds) => seconds !== undefined);
  return {
    name,
    rate: spreadOf(rounds.map(({ rate }) => rate)),
    p50: median(({ latency }) => latency.p50),
    p99: median(({ latency }) => latency.p99),
    cpuMicros: Object.fromEntries(
      Object.keys(last.cpuMicros).map((kind) => [kind, median(({ cpuMicros }) => cpuMicros[kind] ?? 0)]),
    ),
    allCpuMicros: spreadOf(rounds.map(({ cpuMicros }) => total(cpuMicros))),
    generatorMicros: median(({ generatorMicros }) => generatorMicros),
    ...(settling.length === 0 ? {} : { settleSeconds: spreadOf(settling) }),
    pssMiB: last.pssMiB,
    rssMiB: last.rssMiB,
    rounds,
  };
}
