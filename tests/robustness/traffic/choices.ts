import type { Random } from '../../faults/random.ts';
import type { ListRequest, ReadLevel, WriteCondition } from '../history/call.ts';
import type { Patience } from './connection.ts';
import type { Keys } from './keys.ts';

/* What a client sends next, as far as it depends on nothing but a seed. */

/** An answer comes sooner than this unless something is broken. */
export const patient: Patience = { timeoutMs: 5000 };
/** How long a client waits for an outcome, seconds. */
const waits = [1, 2, 3] as const;
const levels: readonly ReadLevel['kind'][] = ['cached', 'no-cache', 'max-age', 'only-if-cached', 'stale-if-error'];

export function chooseLevel(random: Random): ReadLevel {
  // Half of them are of the two levels that promise most.
  const kind = random.chance(0.35) ? random.pick(['cached', 'no-cache'] as const) : random.pick(levels);
  if (kind === 'max-age') return { kind, seconds: random.below(4) };
  return kind === 'stale-if-error' ? { kind, seconds: 1 + random.below(60) } : { kind };
}

export function chooseWait(random: Random, probability: number): number | undefined {
  return random.chance(probability) ? random.pick(waits) : undefined;
}

/** @param version that the client saw last; undefined: none */
export function chooseCondition(random: Random, version: number | undefined): WriteCondition {
  if (version !== undefined && random.chance(0.6)) return { kind: 'version', version };
  return { kind: random.pick(['absent', 'present'] as const) };
}

/** Nothing that is unique needs more than its name; some fill several pages of a database. */
export function chooseValue(random: Random, name: string): string {
  return random.chance(0.02) ? name.padEnd(20_000, '.') : name;
}

export function chooseList({ prefixes }: Keys, random: Random): ListRequest {
  const delimiter = random.chance(0.25) ? '/' : undefined;
  return { kind: 'list', prefix: random.pick(prefixes), delimiter, limit: random.pick([5, 12, 40, 1000]) };
}

/** Every so many calls a client gives up early: by turns it hangs up and does not wait long enough. */
export class Impatience {
  readonly #random: Random;
  #calls: number;
  #next: 'hang-up' | 'timeout';

  constructor(random: Random) {
    this.#random = random;
    this.#calls = 3 + random.below(20);
    this.#next = random.pick(['hang-up', 'timeout'] as const);
  }

  /** For the next call. */
  choose(): Patience {
    this.#calls -= 1;
    if (this.#calls > 0) return patient;
    this.#calls = 15 + this.#random.below(30);
    const ms = this.#random.below(4);
    this.#next = this.#next === 'timeout' ? 'hang-up' : 'timeout';
    return this.#next === 'timeout' ? { timeoutMs: ms } : { ...patient, hangUpAfterMs: ms };
  }
}
