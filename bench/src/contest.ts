import type { LayerBench } from './layer-bench.ts';
import { type Spread, spreadOf } from './spread.ts';
import type { Subject } from './subject.ts';
import { type Kinds, type Turn, takeTurn, total } from './turn.ts';

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

/** Lets the subjects take turns, round by round: what the machine does meanwhile meets all of them. */
export async function hold(
  { generator, plan, tell }: LayerBench,
  title: string,
  subjects: readonly Subject[],
  { connections = plan.connections, rounds = plan.rounds, seconds = plan.roundSeconds } = {},
): Promise<Contest> {
  const { warmupSeconds } = plan;
  const turns = new Map<string, Turn[]>(subjects.map(({ name }) => [name, []]));
  // Not counted: who was just started has yet to compile its code.
  const cold = { connections, warmupSeconds: 0, seconds: plan.coldSeconds, seed: rounds };
  for (const subject of subjects) await takeTurn(generator, subject, cold);
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) {
      const turn = await takeTurn(generator, subject, { connections, warmupSeconds, seconds, seed: round });
      turns.get(subject.name)?.push(turn);
      tell(
        `${title}, round ${round + 1}: ${subject.name}: ${Math.round(turn.rate)}/s, ${Math.round(total(turn.cpuMicros))} µs`,
      );
    }
  }
  return { title, connections, subjects: [...turns].map(([name, own]) => summarize(name, own)) };
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

function summarize(name: string, rounds: readonly Turn[]): SubjectFigures {
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
