import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpServer, createLogger, createMetrics, HealthChecks } from '../src/index.ts';

test('what /readyz says stands among the metrics', async (t) => {
  const health = new HealthChecks({ cacheMs: 0 });
  const metrics = createMetrics({ service: 's' });
  const app = createHttpServer({ logger: createLogger({ service: 's', level: 'silent' }), health, metrics });
  t.after(() => app.close());
  let isDown = false;
  const check = async () => {
    if (isDown) throw new Error('refused');
    return undefined;
  };
  health.register({ name: 'queue', kind: 'required', check });
  health.register({ name: 'cache', kind: 'degrading', check: () => Promise.reject(new Error('refused')) });
  const ready = (await app.inject('/metrics')).body;
  assert.match(ready, /^kv_ready\{service="s"\} 1$/m);
  assert.match(ready, /^kv_dependency_ok\{dependency="queue",kind="required",service="s"\} 1$/m);
  assert.match(ready, /^kv_dependency_ok\{dependency="cache",kind="degrading",service="s"\} 0$/m);
  isDown = true;
  const down = (await app.inject('/metrics')).body;
  assert.match(down, /^kv_ready\{service="s"\} 0$/m);
  assert.match(down, /^kv_dependency_ok\{dependency="queue",kind="required",service="s"\} 0$/m);
  health.drain();
  const closing = (await app.inject('/metrics')).body;
  assert.match(closing, /^kv_ready\{service="s"\} 0$/m);
  assert.doesNotMatch(closing, /^kv_dependency_ok\{/m);
});
