import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConfigError,
  lockSettings,
  rabbitmqSettings,
  readConfig,
  redisAddressOf,
  redisSettings,
  secretSettings,
} from '../src/index.ts';

test('several servers are read from one variable', () => {
  const config = readConfig(rabbitmqSettings, { KV_RABBITMQ_URL: 'amqp://a:b@one:1, amqps://a:b@two:2' });
  assert.deepEqual(config.rabbitmqUrls, ['amqp://a:b@one:1', 'amqps://a:b@two:2']);
  const redis = readConfig(redisSettings, { KV_REDIS_SENTINELS: 'one:26379,[::1]:26380, 127.0.0.1:1' });
  assert.deepEqual(redis.redisSentinels, [
    { host: 'one', port: 26379 },
    { host: '::1', port: 26380 },
    { host: '127.0.0.1', port: 1 },
  ]);
});

test('an address that is wrong is refused without showing its password', () => {
  const wrong = () => readConfig(lockSettings, { KV_LOCK_REDIS_URLS: 'redis://:hush@one:1,http://:hush@two:2' });
  assert.throws(wrong, (error) => error instanceof ConfigError && !error.message.includes('hush'));
  for (const sentinels of ['one', 'one:0', 'one:99999', 'one:1,,two:2', 'a b:1']) {
    assert.throws(() => readConfig(redisSettings, { KV_REDIS_SENTINELS: sentinels }), ConfigError, sentinels);
  }
});

test('a short secret is refused', () => {
  assert.throws(() => readConfig(secretSettings, { KV_SECRET: 'short' }), ConfigError);
});

test('the cache has one address, not two', () => {
  const one = readConfig(redisSettings, { KV_REDIS_URL: 'redis://one:1' });
  assert.deepEqual(redisAddressOf(one), { url: 'redis://one:1' });
  const watched = readConfig(redisSettings, { KV_REDIS_SENTINELS: 'one:1', KV_REDIS_PASSWORD: 'hush' });
  const sentinels = [{ host: 'one', port: 1 }];
  assert.deepEqual(redisAddressOf(watched), { sentinels, masterName: 'stratakv', password: 'hush' });
  for (const env of [{}, { KV_REDIS_URL: 'redis://one:1', KV_REDIS_SENTINELS: 'one:1' }]) {
    assert.throws(() => redisAddressOf(readConfig(redisSettings, env)), ConfigError);
  }
});
