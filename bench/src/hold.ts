import { createHash } from 'node:crypto';
import { type Contest, summarize } from './contest.ts';
import type { LayerBench } from './layer-bench.ts';
import type { Subject } from './subject.ts';
import { takeTurn } from './take-turn.ts';
import { type Turn, total } from './turn.ts';

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
  const cold = { connections, warmupSeconds: 0, seconds: plan.coldSeconds };
  for (const subject of subjects) {
    await takeTurn(generator, subject, { ...cold, seed: seedOf(title, subject.name, rounds) });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) {
      const seed = seedOf(title, subject.name, round);
      const turn = await takeTurn(generator, subject, { connections, warmupSeconds, seconds, seed });
      turns.get(subject.name)?.push(turn);
      tell(
        `${title}, round ${round + 1}: ${subject.name}: ${Math.round(turn.rate)}/s, ${Math.round(total(turn.cpuMicros))} µs`,
      );
    }
  }
  return { title, connections, subjects: [...turns].map(([name, own]) => summarize(name, own)) };
}

/** Of its own for each turn: what one subject touched is not what the next one asks for. */
function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32BE();
}
