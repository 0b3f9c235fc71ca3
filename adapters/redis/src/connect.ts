import { RedisConnection } from './connection.ts';
import { RedisEntryCache } from './entry-cache.ts';
import type { RedisCacheOptions } from './options.ts';
import { SlotNames } from './slot-names.ts';

/** How long the start waits for a server that does not answer, milliseconds. */
const startPatienceMs = 2000;

/**
 * Connects to the Redis of the cache. A server that cannot be reached is no error: reads go round the cache until it
 * can. Then the calls reject, at once.
 *
 * @throws Error when the server is reached and cannot be used as it is: a replica, too old, a Redis Cluster; or when the
 * prefix is not usable
 */
export async function connectRedisCache(options: RedisCacheOptions): Promise<RedisEntryCache> {
  const { server, clock, onEvent = () => undefined, prefix = 'kv', commandTimeoutMs = 250 } = options;
  const names = new SlotNames(prefix);
  const connection = new RedisConnection({ server, commandTimeoutMs, onEvent });
  await connection.ready(startPatienceMs);
  if (connection.unfit !== undefined) {
    await connection.close();
    throw new Error(`The Redis of the cache cannot be used. ${connection.unfit}`);
  }
  const terms = {
    freshMs: options.freshMs ?? 60_000,
    staleMaxMs: options.staleMaxMs ?? 3_600_000,
    absentTtlMs: options.absentTtlMs ?? 2_000,
    leaseTermMs: options.leaseTermMs ?? 5_000,
    markerTermMs: options.markerTermMs ?? 15_000,
    maxValueBytes: options.maxValueBytes ?? 1024 * 1024,
  };
  return new RedisEntryCache({ connection, names, clock, terms, onEvent });
}
