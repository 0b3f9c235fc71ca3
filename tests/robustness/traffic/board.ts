import type { Random } from '../../faults/random.ts';

/** An operation that somebody was named. */
export interface Named {
  readonly key: string;
  readonly id: string;
}

const mostKept = 64;

/** Operations that clients tell one another of, so that one reads what another wrote. */
export class Board {
  readonly #named: Named[] = [];

  add(named: Named): void {
    this.#named.push(named);
    if (this.#named.length > mostKept) this.#named.shift();
  }

  /** One of the last; undefined when there is none. */
  pick(random: Random): Named | undefined {
    return this.#named.length === 0 ? undefined : random.pick(this.#named);
  }
}
