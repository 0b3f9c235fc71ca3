import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InProcessOutcomeFeed } from '@stratakv/adapter-in-process';
import { StrataError } from '@stratakv/core';
import { createMetrics } from '@stratakv/service-kit';
import { Admission } from '../src/admission.ts';
import { registerGatewayMetrics } from '../src/gateway-metrics.ts';
import { OutcomeWaiters } from '../src/outcome-waiters.ts';

test('a queue that cannot be asked has no depth, and the other metrics stay', async () => {
  const metrics = createMetrics({ service: 'gateway' });
  const admission = new Admission({ maxWrites: 1, maxWriteBytes: 1, maxReads: 1 });
  const waiters = await OutcomeWaiters.listen(new InProcessOutcomeFeed());
  let depth = async () => ({ messages: 3, bytes: 300, deadLetters: 1 });
  registerGatewayMetrics(metrics, admission, waiters, { depth: () => depth() });
  assert.match(await metrics.registry.metrics(), /^kv_queue_messages\{service="gateway"\} 3$/m);

  depth = () => Promise.reject(new StrataError('unavailable', 'The broker cannot be reached.'));
  const refused = await metrics.registry.metrics();
  assert.doesNotMatch(refused, /^kv_queue_messages\{/m);
  assert.match(refused, /^kv_gateway_writes_in_flight\{service="gateway"\} 0$/m);

  depth = () => new Promise(() => {});
  const frozen = await metrics.registry.metrics();
  assert.doesNotMatch(frozen, /^kv_queue_dead_letters\{/m);
});
