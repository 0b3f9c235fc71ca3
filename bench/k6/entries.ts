import { SharedArray } from 'k6/data';
import { createPicker, entryKey, entryValue, keyPrefix } from '../src/dataset.ts';
import type { Settings } from './settings.ts';

/** The entries that are there from the beginning to the end. Every write of one writes the same. */
export class Entries {
  readonly prefix: string;
  readonly count: number;
  readonly #valueBytes: number;
  readonly #pick: () => number;
  /** The keys in the order of a list, without the prefix. Once for all virtual users. */
  readonly #sorted: readonly string[];

  /** Can be made only where k6 begins, not while it runs. */
  constructor({ space, keys, valueBytes }: Settings, seed: number) {
    this.prefix = `${space}data/`;
    this.count = keys;
    this.#valueBytes = valueBytes;
    this.#pick = createPicker('uniform', keys, seed);
    this.#sorted = new SharedArray('keys in order', () =>
      Array.from({ length: keys }, (_, index) => tail(index)).sort(),
    );
  }

  /** The number of any of them. */
  pick(): number {
    return this.#pick();
  }

  key(index: number): string {
    return this.prefix + tail(index);
  }

  value(index: number): string {
    return entryValue(index, this.#valueBytes);
  }

  /**
   * The first keys of a list of all that begin with the prefix and these hexadecimal digits, at most `limit`, and
   * whether there are more.
   */
  under(digits: string, limit: number): { readonly keys: readonly string[]; readonly more: boolean } {
    const keys: string[] = [];
    for (let at = this.#firstNotBefore(digits); at < this.count; at += 1) {
      const key = this.#sorted[at];
      if (key === undefined || !key.startsWith(digits)) break;
      if (keys.length === limit) return { keys, more: true };
      keys.push(this.prefix + key);
    }
    return { keys, more: false };
  }

  #firstNotBefore(digits: string): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? '') < digits) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function tail(index: number): string {
  return entryKey(index).slice(keyPrefix.length);
}
