export { connectRedisCache } from './connect.ts';
export type { RedisEntryCache } from './entry-cache.ts';
export type { RedisCacheEvent, RedisCacheOptions, RedisServer } from './options.ts';
export type { SampledEntry } from './sampler.ts';
