interface Entry {
  readonly at: number;
  /** Of two entries of one time the earlier made comes first. */
  readonly serial: number;
  run(): void;
}

/** What is to happen, in the order of its times: time is only what the next thing says. */
export class Agenda {
  readonly #entries: Entry[] = [];
  #serial = 0;
  #now = 0;

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  in(delay: number, run: () => void): void {
    this.#serial += 1;
    const entry = { at: this.#now + delay, serial: this.#serial, run };
    this.#entries.splice(this.#placeOf(entry), 0, entry);
  }

  /** Until nothing is left to happen. */
  run(): void {
    for (let next = this.#entries.pop(); next !== undefined; next = this.#entries.pop()) {
      this.#now = next.at;
      next.run();
    }
  }

  /** The next one is the last of the list. */
  #placeOf({ at, serial }: Entry): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle];
      const isLater = other !== undefined && (other.at > at || (other.at === at && other.serial > serial));
      if (isLater) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
