import { Random } from '../../faults/random.ts';
import { type NativeFault, together } from './native/native-fault.ts';

/** After so many faults alone come two at the same time. */
const alone = 3;

/**
 * Which faults come after one another, without an end: each of them once in an order of the seed's, and between them two of
 * different parts at a time; then all again in another order. The same seed gives the same schedule.
 */
export function* faultSchedule(faults: readonly NativeFault[], seed: number): Generator<NativeFault, never, void> {
  const random = new Random(seed);
  if (faults.length === 0) throw new Error('there is no fault to choose');
  for (let count = 1; ; ) {
    for (const fault of shuffled(faults, random)) {
      yield fault;
      const pair = count % alone === 0 ? pairOf(faults, random) : undefined;
      if (pair !== undefined) yield pair;
      count += 1;
    }
  }
}

/** Undefined: there are none that go together. */
function pairOf(faults: readonly NativeFault[], random: Random): NativeFault | undefined {
  const free = faults.filter(({ isAlone }) => !isAlone);
  if (free.length === 0) return undefined;
  const one = random.pick(free);
  const others = free.filter(({ part }) => part !== one.part);
  return others.length === 0 ? undefined : together(one, random.pick(others));
}

function shuffled(faults: readonly NativeFault[], random: Random): readonly NativeFault[] {
  const order = faults.map((fault) => ({ fault, at: random.next() }));
  return order.sort((one, other) => one.at - other.at).map(({ fault }) => fault);
}
