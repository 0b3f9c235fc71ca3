/* The entries of a benchmark, each made from its number alone, so that any process can check any answer. */

/** The hexadecimal digits of a key. */
const digits = 8;
/** Odd, so that multiplying by it never maps two numbers to one. */
const scatter = 0x9e3779b1;

export const keyPrefix = 'bench/';

/** Key of entry `index`. Neighbouring numbers lie far apart, so that loading in order writes all over the database. */
export function entryKey(index: number): string {
  return keyPrefix + (Math.imul(index + 1, scatter) >>> 0).toString(16).padStart(digits, '0');
}

/**
 * A value of `bytes` bytes of ASCII that begins with its key, so that a value under the wrong key is noticed. All
 * writes of an entry write the same.
 */
export function entryValue(index: number, bytes: number): string {
  return `${entryKey(index)}=`.padEnd(bytes, 'The quick brown fox jumps over the lazy dog. ').slice(0, bytes);
}

/** A small fast generator of random numbers (mulberry32); the same seed gives the same run. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Distribution = 'uniform' | 'zipf' | 'in order';

/** Makes the function that picks the number of the next entry, below `entries`. */
export function createPicker(distribution: Distribution, entries: number, seed: number): () => number {
  const random = createRandom(seed);
  if (distribution === 'uniform') return () => Math.floor(random() * entries);
  if (distribution === 'zipf') return createZipf(entries, random);
  let next = 0;
  return () => next++ % entries;
}

/** YCSB's skew. */
const theta = 0.99;

/** Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (SIGMOD 1994), as YCSB does it. */
function createZipf(entries: number, random: () => number): () => number {
  let zeta = 0;
  for (let rank = 1; rank <= entries; rank += 1) zeta += rank ** -theta;
  const alpha = 1 / (1 - theta);
  const zeta2 = 1 + 2 ** -theta;
  const eta = (1 - (2 / entries) ** (1 - theta)) / (1 - zeta2 / zeta);
  return () => {
    const point = random();
    const scaled = point * zeta;
    if (scaled < 1) return 0;
    if (scaled < zeta2) return 1;
    return Math.min(entries - 1, Math.floor(entries * (eta * point - eta + 1) ** alpha));
  };
}
