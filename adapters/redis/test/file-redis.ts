import { after } from 'node:test';
import { startRedis, type TestRedis } from '@stratakv/native/testing';
import { Redis } from 'ioredis';

/**
 * Starts the Redis that the tests of a file share, and connects to it past the cache. Both end after the last test.
 *
 * @param settings what differs from those of `startRedis`
 */
export async function useRedis(
  settings: Parameters<typeof startRedis>[0] = {},
): Promise<{ readonly redis: TestRedis; readonly admin: Redis }> {
  const redis = await startRedis(settings);
  const admin = new Redis(redis.url);
  // Some tests take the server away.
  admin.on('error', () => undefined);
  after(async () => {
    admin.disconnect();
    await redis.close();
  });
  return { redis, admin };
}
