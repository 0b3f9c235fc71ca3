import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { HealthChecks, registerHealth } from '../src/index.ts';

const ok = async () => undefined;

test('required and degrading checks', async () => {
  const health = new HealthChecks({ cacheMs: 0 });
  health.register({ name: 'database', kind: 'required', check: ok });
  assert.deepEqual(await health.report(), {
    status: 'ready',
    checks: { database: { status: 'ok', kind: 'required' } },
  });
  const failing = () => Promise.reject(new Error('refused'));
  health.register({ name: 'cache', kind: 'degrading', check: failing });
  assert.equal((await health.report()).status, 'degraded');
  const remove = health.register({ name: 'broker', kind: 'required', check: failing });
  const report = await health.report();
  assert.equal(report.status, 'not-ready');
  assert.deepEqual(report.checks.broker, { status: 'failed', kind: 'required', detail: 'refused' });
  remove();
  assert.equal((await health.report()).status, 'degraded');
  assert.throws(() => health.register({ name: 'cache', kind: 'required', check: ok }), /twice/);
});

test('a check that hangs fails at its time-out and is not started again meanwhile', async () => {
  const health = new HealthChecks({ cacheMs: 0 });
  let started = 0;
  let aborted = false;
  const check = (signal: AbortSignal) => {
    started += 1;
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise<undefined>(() => {});
  };
  health.register({ name: 'frozen', kind: 'required', check, timeoutMs: 20 });
  assert.equal((await health.report()).checks.frozen?.detail, 'no answer within 20 ms');
  assert.equal((await health.report()).status, 'not-ready');
  assert.equal(started, 1);
  assert.ok(aborted);
});

test('a check that throws at once is a failed check', async () => {
  const health = new HealthChecks();
  const check = () => {
    throw Object.assign(new Error(''), { code: 'ECONNREFUSED' });
  };
  health.register({ name: 'redis', kind: 'required', check });
  assert.equal((await health.report()).checks.redis?.detail, 'ECONNREFUSED');
});

test('many probes cost one run', async () => {
  const health = new HealthChecks({ cacheMs: 50 });
  let runs = 0;
  const check = async () => {
    runs += 1;
    await sleep(5);
    return `run ${runs}`;
  };
  health.register({ name: 'counted', kind: 'required', check });
  await Promise.all(Array.from({ length: 100 }, () => health.report()));
  await health.report();
  assert.equal(runs, 1);
  await sleep(60);
  assert.equal((await health.report()).checks.counted?.detail, 'run 2');
});

test('the routes', async (t) => {
  const health = new HealthChecks();
  health.register({ name: 'database', kind: 'required', check: ok });
  const app = fastify();
  t.after(() => app.close());
  registerHealth(app, health);
  const alive = await app.inject('/healthz');
  assert.deepEqual(
    [alive.statusCode, alive.json(), alive.headers['cache-control']],
    [200, { status: 'alive' }, 'no-store'],
  );
  const ready = await app.inject('/readyz');
  assert.deepEqual([ready.statusCode, ready.json().status], [200, 'ready']);
  const head = await app.inject({ method: 'HEAD', url: '/readyz' });
  assert.deepEqual([head.statusCode, head.body], [200, '']);
  health.drain();
  const draining = await app.inject('/readyz');
  assert.deepEqual([draining.statusCode, draining.headers['retry-after']], [503, '1']);
  assert.equal(draining.json().status, 'not-ready');
  assert.equal((await app.inject('/healthz')).statusCode, 200);
});
