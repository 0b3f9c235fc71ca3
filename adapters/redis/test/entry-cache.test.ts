import { after, before } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { entryCacheSuite } from '@stratakv/core/testing';
import { startRedis, type TestRedis } from '@stratakv/native/testing';
import { connectRedisCache } from '../src/index.ts';

let redis: TestRedis;
let caches = 0;

before(async () => {
  redis = await startRedis();
});
after(() => redis.close());

entryCacheSuite('RedisEntryCache', async (settings) => {
  caches += 1;
  const cache = await connectRedisCache({
    server: { url: redis.url },
    clock: systemClock,
    prefix: `suite-${caches}`,
    commandTimeoutMs: 2000,
    ...settings,
  });
  return { cache, clock: systemClock, close: () => cache.close() };
});
