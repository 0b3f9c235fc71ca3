import { deepEqual, equal, ok } from 'node:assert/strict';
import { request as send } from 'node:http';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../framework/http.ts';
import { type Edge, type StandIn, startEdge, untilInService } from './edge.ts';
import { failed, Load, type Result, sentTwice, slowest } from './load.ts';

const edge = await startEdge();
after(() => edge.close());
const [gateway, other] = edge.gateways as [StandIn, StandIn];
const client = new HttpClient(edge.url);

/** Two health checks and what they may take, on a machine that is busy. */
const noticedWithinMs = 5_000;

/** Runs a load, does something to a gateway in the middle of it, and goes on for a while after Envoy has noticed. */
async function during(
  name: string,
  fault: () => Promise<void> | void,
): Promise<{ readonly all: readonly Result[]; readonly late: readonly Result[] }> {
  const load = new Load(edge, name);
  await sleep(300);
  await fault();
  await untilInService(edge, 1, noticedWithinMs);
  const noticedAt = performance.now();
  await sleep(500);
  const all = await load.stop();
  return { all, late: all.filter(({ startedAt }) => startedAt > noticedAt) };
}

/** Reads never fail; a write fails only as "not known", and none is sent twice. */
function assertHonest(name: string, all: readonly Result[], edgeUsed: Edge): void {
  deepEqual(
    failed(all).filter(({ method, problem }) => method === 'GET' || problem !== 'outcome-unknown'),
    [],
  );
  deepEqual(sentTwice(edgeUsed, name), []);
  ok(all.length > 100, `only ${all.length} requests`);
}

describe('a gateway', () => {
  test('that is killed: reads go on, only writes it had taken have an unknown outcome; it comes back', async () => {
    const { all, late } = await during('killed', () => gateway.process.kill());
    assertHonest('killed', all, edge);
    ok(failed(all).length <= 8, `${failed(all).length} failed`);
    deepEqual(failed(late), []);
    await gateway.process.start();
    await untilInService(edge, 2, noticedWithinMs);
  });

  test('that is frozen: reads are answered by the other one, and it is left out until it thaws', async () => {
    const { all, late } = await during('frozen', () => gateway.process.freeze());
    assertHonest('frozen', all, edge);
    ok(slowest(all.filter(({ method }) => method === 'GET')) < 2_000, 'a read waits for the hedge, not for a time-out');
    deepEqual(failed(late), []);
    ok(slowest(late) < 1_000);
    gateway.process.thaw();
    await untilInService(edge, 2, noticedWithinMs);
  });

  test('that is too busy to answer health checks is left out until it does', async () => {
    const { all, late } = await during('blocked', () => {
      const blocking = { host: '127.0.0.1', port: gateway.port, path: '/kv/a', headers: { Do: 'block=4500' } };
      send(blocking, (answer) => answer.resume())
        .on('error', () => {})
        .end();
    });
    assertHonest('blocked', all, edge);
    ok(slowest(late) < 1_000);
    await untilInService(edge, 2, noticedWithinMs);
  });

  test('that says it is not ready gets nothing more, and what it has is answered', async () => {
    const { all } = await during('unready', () => gateway.setReady(false));
    deepEqual(failed(all), []);
    const before = gateway.seen.length;
    for (let n = 0; n < 20; n += 1) equal((await client.request('GET', '/kv/a')).status, 200);
    equal(gateway.seen.length, before);
    await gateway.setReady(true);
    await untilInService(edge, 2, noticedWithinMs);
  });

  test('after gateway, restarted under load: not one request is lost, and no write is sent twice', async () => {
    const load = new Load(edge, 'rolling');
    await sleep(300);
    for (const each of [gateway, other]) {
      await each.process.stop();
      await each.process.start();
      await untilInService(edge, 2, noticedWithinMs);
    }
    const all = await load.stop();
    deepEqual(failed(all), []);
    deepEqual(sentTwice(edge, 'rolling'), []);
    ok(all.length > 100, `only ${all.length} requests`);
    equal(
      edge.seen().filter(({ id, method }) => method === 'PUT' && id.startsWith('rolling-')).length,
      all.filter(({ method }) => method === 'PUT').length,
    );
  });
});

describe('a gateway that refuses connections, before a health check has noticed', () => {
  test('costs nothing: a write goes to the other one, a large one too', async () => {
    const before = edge.seen().length;
    await gateway.process.kill();
    const bodies = Array.from({ length: 12 }, (_, at) => Buffer.alloc(at % 2 === 0 ? 10 : 1024 * 1024));
    const answers = await Promise.all(bodies.map((body) => client.request('PUT', '/kv/refused', { body })));
    deepEqual(
      answers.map(({ status }) => status).filter((status) => status !== 200),
      [],
    );
    equal(edge.seen().length, before + bodies.length);
    await gateway.process.start();
  });
});
