import type { RedisConnection } from './connection.ts';
import { fieldOf } from './server-info.ts';

/** From this share of its `maxmemory` on, Redis evicts, or is about to. */
const fullShare = 0.95;
const askEveryMs = 1000;

/** Whether Redis has no room left, as it said not long ago. Asks only while somebody wants to know. */
export class Fullness {
  readonly #connection: RedisConnection;
  #isFull = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  get isFull(): boolean {
    const now = performance.now();
    if (now - this.#askedAt >= askEveryMs) {
      this.#askedAt = now;
      void this.#ask();
    }
    return this.#isFull;
  }

  async #ask(): Promise<void> {
    try {
      const info = await this.#connection.call((redis) => redis.info('memory'));
      const bytes = (name: string) => Number(fieldOf(info, name) ?? 0);
      const most = bytes('maxmemory');
      this.#isFull = most > 0 && bytes('used_memory') > fullShare * most;
    } catch {
      // Whoever looks something up is told.
    }
  }
}
