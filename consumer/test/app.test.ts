import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { createLogger, createMetrics, HealthChecks, readConfig } from '@stratakv/service-kit';
import { buildConsumer, consumerSettings, defaultConsumerSettings } from '../src/index.ts';

const ok = { check: async () => {} };
const down = { check: () => Promise.reject(new StrataError('unavailable', 'it is away')) };

function appWith(ports: Partial<Record<'queue' | 'store' | 'cache' | 'lock', typeof ok>>) {
  return buildConsumer({
    ...{ queue: ok, store: ok, cache: ok, lock: ok },
    ...ports,
    logger: createLogger({ service: 'consumer', level: 'silent' }),
    health: new HealthChecks({ cacheMs: 0 }),
    metrics: createMetrics({ service: 'consumer' }),
  });
}

test('/readyz names each dependency, required or degrading', async () => {
  const states = [
    [{}, 200, 'ready'],
    [{ cache: down }, 200, 'degraded'],
    [{ lock: down }, 200, 'degraded'],
    [{ queue: down }, 503, 'not-ready'],
    [{ store: down, lock: down }, 503, 'not-ready'],
  ] as const;
  for (const [ports, status, word] of states) {
    const answer = await appWith(ports).inject({ url: '/readyz', headers: { host: 'localhost' } });
    assert.equal(answer.statusCode, status);
    const report = answer.json();
    assert.equal(report.status, word);
    assert.deepEqual(Object.keys(report.checks), ['queue', 'store', 'cache', 'lock']);
  }
});

test('/healthz and /metrics answer', async () => {
  const app = appWith({});
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  assert.match((await app.inject('/metrics')).body, /http_request_duration_seconds/);
});

test('the settings table has the defaults that embedded takes', () => {
  const config = readConfig(consumerSettings, {});
  for (const [name, value] of Object.entries(config)) {
    if (name in defaultConsumerSettings) assert.equal(value, Reflect.get(defaultConsumerSettings, name), name);
  }
});
