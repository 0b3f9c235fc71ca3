import { type CacheAnswer, type CacheQuery, type Key, parseKey, type Version } from '@stratakv/core';
import type { RedisConnection } from './connection.ts';
import type { SlotNames } from './slot-names.ts';

/** What is cached about a key. */
export interface SampledEntry {
  readonly key: Key;
  /** Undefined: cached as absent. */
  readonly version: Version | undefined;
  /** When that was so, milliseconds since 1970. */
  readonly asOf: number;
}

export interface SamplerOptions {
  readonly connection: RedisConnection;
  readonly names: SlotNames;
  readonly lookup: (queries: readonly CacheQuery[]) => Promise<readonly CacheAnswer[]>;
}

/** How many slots one call looks at for each entry it may return: most may be too old. */
const looksPerEntry = 10;

/** Walks over the cache with SCAN, a share at each call. Not for two calls at a time. */
export class Sampler {
  readonly #options: SamplerOptions;
  #cursor = '0';

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  async sample(limit: number, maxAgeMs: number): Promise<readonly SampledEntry[]> {
    const { connection, names, lookup } = this.#options;
    const sampled: SampledEntry[] = [];
    let looks = 0;
    do {
      const count = limit - sampled.length;
      const [cursor, found] = await connection.call((redis) =>
        redis.scan(this.#cursor, 'MATCH', names.pattern, 'COUNT', count),
      );
      this.#cursor = cursor;
      looks += count;
      const keys = found.flatMap((name) => asKey(names.keyText(name)));
      // By way of a lookup, so that what is damaged or expired is not taken for a wrong answer.
      const answers = await lookup(keys.map((key) => ({ key, maxAgeMs, wantsLease: false })));
      for (const [index, key] of keys.entries()) {
        const answer = answers[index];
        if (answer?.kind !== 'hit') continue;
        const { entry, asOf } = answer.cached;
        sampled.push({ key, version: entry?.version, asOf });
      }
    } while (sampled.length < limit && looks < limit * looksPerEntry && this.#cursor !== '0');
    // Some more than asked for: what is left out would be left out each time.
    return sampled;
  }
}

function asKey(text: string): Key[] {
  try {
    return [parseKey(text)];
  } catch {
    // Not one of ours.
    return [];
  }
}
