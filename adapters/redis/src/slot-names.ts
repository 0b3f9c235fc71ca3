import type { Key } from '@stratakv/core';

/**
 * Format of slots and of the entries in them. A version that writes them differently counts on, so that it and the one
 * before it, side by side while servers are replaced, do not take each other's for damaged.
 */
const format = 1;

/** The names slots and bodies have in Redis. */
export class SlotNames {
  readonly #slotPrefix: string;
  readonly #bodyPrefix: string;

  /** @throws Error for a prefix with anything but letters, digits, `_`, `.` and `-`: the others mean something to SCAN */
  constructor(prefix: string) {
    if (!/^[\w.-]{1,64}$/.test(prefix)) throw new Error(`The cache's prefix is not usable: ${JSON.stringify(prefix)}.`);
    this.#slotPrefix = `${prefix}:c${format}:`;
    this.#bodyPrefix = `${prefix}:b${format}:`;
  }

  /** What SCAN finds slots by. */
  get pattern(): string {
    return `${this.#slotPrefix}*`;
  }

  slot(key: Key): string {
    return this.#slotPrefix + key;
  }

  body(key: Key): string {
    return this.#bodyPrefix + key;
  }

  /** The key a slot is for, as text. */
  keyText(slotName: string): string {
    return slotName.slice(this.#slotPrefix.length);
  }
}
