/*
 * Which keys are worth room in a full cache: those that were asked for before, not long ago. Without it, reads spread
 * over more keys than fit push one another out, each at the price of a fill and an eviction, and a scan pushes out what
 * is read often (the doorkeeper of Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy",
 * 2017). Two bit maps by hash: the newer is filled, and takes the place of the older when enough keys have come.
 */

const bits = 2 ** 21;
const keysInGeneration = 2 ** 16;

/** Remembers roughly the last 65,000 to 130,000 keys, in 512 KiB; now and then it takes one key for another. */
export class Doorkeeper {
  #older = new Uint8Array(bits / 8);
  #newer = new Uint8Array(bits / 8);
  #keys = 0;

  /** Whether the key came before, not long ago. Remembers it either way. */
  knows(key: string): boolean {
    const bit = hash(key) & (bits - 1);
    const byte = bit >>> 3;
    const mask = 1 << (bit & 7);
    const isNewer = ((this.#newer[byte] ?? 0) & mask) !== 0;
    const isKnown = isNewer || ((this.#older[byte] ?? 0) & mask) !== 0;
    if (!isNewer) this.#remember(byte, mask);
    return isKnown;
  }

  #remember(byte: number, mask: number): void {
    this.#newer[byte] = (this.#newer[byte] ?? 0) | mask;
    this.#keys += 1;
    if (this.#keys < keysInGeneration) return;
    const emptied = this.#older.fill(0);
    this.#older = this.#newer;
    this.#newer = emptied;
    this.#keys = 0;
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value ^ (value >>> 15);
}
