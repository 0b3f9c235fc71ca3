import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeServer } from '../src/server-info.ts';

const info = (fields: Record<string, string>) =>
  Object.entries({
    redis_version: '7.0.15',
    role: 'master',
    cluster_enabled: '0',
    maxmemory: '67108864',
    maxmemory_policy: 'allkeys-lru',
    ...fields,
  })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

test('a master with a memory limit that evicts is fit, and nothing is to be said', () => {
  for (const version of ['6.2.0', '6.10.1', '7.0.15', '7.2.4', '8.0.0', '10.1']) {
    assert.deepEqual(judgeServer(info({ redis_version: version })), {
      redisVersion: version,
      unfit: undefined,
      warnings: [],
    });
  }
});

test('too old, a replica, and a cluster are refused', () => {
  for (const version of ['6.0.16', '5.0.7', '2.8', 'unknown', '']) {
    assert.match(judgeServer(info({ redis_version: version })).unfit ?? '', /6\.2 or newer/);
  }
  assert.match(judgeServer(info({ role: 'slave' })).unfit ?? '', /no master, its role is slave/);
  assert.match(judgeServer(info({ cluster_enabled: '1' })).unfit ?? '', /Cluster/);
  assert.match(judgeServer('').unfit ?? '', /6\.2 or newer/);
});

test('a memory limit or policy that is wrong for a cache is a warning', () => {
  assert.match(judgeServer(info({ maxmemory: '0' })).warnings[0] ?? '', /no maxmemory/);
  assert.match(judgeServer(info({ maxmemory_policy: 'noeviction' })).warnings[0] ?? '', /noeviction/);
  assert.match(judgeServer(info({ maxmemory_policy: 'volatile-ttl' })).warnings[0] ?? '', /volatile-ttl/);
  for (const policy of ['allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-lfu']) {
    assert.deepEqual(judgeServer(info({ maxmemory_policy: policy })).warnings, []);
  }
});
