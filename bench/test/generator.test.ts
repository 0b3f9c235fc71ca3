import { ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Generator } from '../src/load.ts';

test('at a fixed rate what was due and found no connection counts too: a stall is not hidden', async () => {
  const server = createServer(async (_request, response) => {
    await sleep(200);
    response.end('x'.repeat(8));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const generator = await Generator.start();
  try {
    const { port } = server.address() as AddressInfo;
    const load = { connections: 1, warmupSeconds: 0, seconds: 1, seed: 1, rate: 100 };
    const { answers, unsent, latency } = await generator.send({
      ...load,
      port,
      workload: { kind: 'constant', bytes: 8 },
    });
    ok(answers <= 5 && unsent >= 90, `${answers} answers, ${unsent} not sent`);
    // Half of what was due in a second had waited for half a second, or was answered later than that.
    ok(latency.p50 > 300 && latency.p99 > 600, `p50 ${latency.p50}, p99 ${latency.p99}`);
  } finally {
    generator.close();
    server.close();
  }
});
