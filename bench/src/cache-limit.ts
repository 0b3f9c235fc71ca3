import { Redis } from 'ioredis';
import type { LayeredStore } from './layered-store.ts';

/** Makes the cache of a running store smaller for a while: Redis evicts what has no room. */
export class CacheLimit {
  readonly #redis: Redis;
  readonly #usual: string;

  private constructor(redis: Redis, usual: string) {
    this.#redis = redis;
    this.#usual = usual;
  }

  static async of({ native }: LayeredStore): Promise<CacheLimit> {
    const server = native.processes().find(({ kind }) => kind === 'redis');
    if (server === undefined) throw new Error('the store has no Redis');
    const redis = new Redis({ host: '127.0.0.1', port: server.port, password: native.secret('redis-password') });
    const [, usual = '0'] = (await redis.config('GET', 'maxmemory')) as string[];
    return new CacheLimit(redis, usual);
  }

  /** Room for about so many entries like those that are cached now. @throws Error when none is */
  async keepEntries(entries: number): Promise<void> {
    const [keys, memory] = await Promise.all([this.#redis.dbsize(), this.#redis.info('memory')]);
    if (keys === 0) throw new Error('nothing is cached');
    const bytes = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1]);
    // What Redis needs for itself and its clients is no room for entries.
    const limit = bytes('used_memory_overhead') + (entries * bytes('used_memory_dataset')) / keys;
    await this.#redis.config('SET', 'maxmemory', `${Math.round(limit)}`);
  }

  /** As it was. */
  async lift(): Promise<void> {
    await this.#redis.config('SET', 'maxmemory', this.#usual);
  }

  /** Entries that are cached, tombstones and markers included. */
  entries(): Promise<number> {
    return this.#redis.dbsize();
  }

  close(): void {
    this.#redis.disconnect();
  }
}
