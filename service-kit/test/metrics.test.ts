import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter } from 'prom-client';
import { createHttpServer, createLogger, createMetrics } from '../src/index.ts';

test('requests are counted by route pattern, method and status class', async (t) => {
  const metrics = createMetrics({ service: 'gateway' });
  const app = createHttpServer({ logger: createLogger({ service: 'gateway', level: 'silent' }), metrics });
  t.after(() => app.close());
  app.get('/kv/*', (_request, reply) => reply.send('x'));
  await app.inject('/kv/a');
  await app.inject('/kv/b');
  await app.inject('/nowhere/1');
  await app.inject('/nowhere/2');
  const answer = await app.inject('/metrics');
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  const count = (labels: string) => new RegExp(`http_request_duration_seconds_count\\{[^}]*${labels}[^}]*\\} (\\d+)`);
  assert.equal(count('route="/kv/\\*",method="GET",status="2xx"').exec(answer.body)?.[1], '2');
  assert.equal(count('route="unmatched",method="GET",status="4xx"').exec(answer.body)?.[1], '2');
  assert.doesNotMatch(answer.body, /nowhere/);
  assert.match(answer.body, /nodejs_eventloop_lag_p99_seconds /);
  assert.match(answer.body, /# TYPE http_request_duration_seconds histogram/);
});

test('buckets are cumulative and end in +Inf', async () => {
  const metrics = createMetrics({ service: 's' });
  for (const seconds of [0.0005, 0.0006, 0.2, 100]) metrics.observeRequest('/r', 'GET', 200, seconds);
  metrics.observeRequest('/r', 'GET', 999, 1);
  const body = await metrics.registry.getSingleMetricAsString('http_request_duration_seconds');
  const bucket = (le: string) => new RegExp(`_bucket\\{le="${le}",[^}]*status="2xx"[^}]*\\} (\\d+)`).exec(body)?.[1];
  assert.deepEqual(['0.0005', '0.001', '0.1', '0.25', '60', '\\+Inf'].map(bucket), ['1', '2', '2', '3', '3', '4']);
  assert.match(body, /_sum\{[^}]*status="2xx"[^}]*\} 100\.2011/);
  assert.match(body, /_count\{[^}]*status="other"[^}]*\} 1/);
});

test('504 is counted apart from failures', async () => {
  const metrics = createMetrics({ service: 's' });
  for (const status of [503, 504, 504]) metrics.observeRequest('/r', 'GET', status, 0.1);
  const body = await metrics.registry.getSingleMetricAsString('http_request_duration_seconds');
  assert.match(body, /_count\{[^}]*status="5xx"[^}]*\} 1/);
  assert.match(body, /_count\{[^}]*status="504"[^}]*\} 2/);
});

test('registries are independent and take metrics of the service', async () => {
  const metrics = createMetrics({ service: 'a' });
  createMetrics({ service: 'b' });
  new Counter({ name: 'kv_things_total', help: 'Things', registers: [metrics.registry] }).inc(3);
  assert.match(await metrics.registry.metrics(), /kv_things_total\{service="a"\} 3/);
});
