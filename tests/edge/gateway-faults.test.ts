import { deepEqual, equal, ok } from 'node:assert/strict';
import { request as send } from 'node:http';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../framework/http.ts';
import { type StandIn, startEdge, untilInService } from './edge.ts';
import { failed, Load, type Result, sentTwice, slowest } from './load.ts';

const edge = await startEdge();
after(() => edge.close());
const [gateway, other] = edge.gateways as [StandIn, StandIn];
const client = new HttpClient(edge.url);

/** Two health checks and what they may take, on a machine that is busy. */
const noticedWithinMs = 5_000;

/** The time-outs of this test for a gateway that says nothing: 3 s for a write, 4 s for a read. What went elsewhere is faster. */
const timeOutMs = 3_000;

/** Runs a load, does something to a gateway in the middle of it, and goes on for a while after Envoy has noticed. */
async function during(
  name: string,
  fault: () => Promise<void> | void,
  repair: () => Promise<void> | void,
): Promise<{ readonly all: readonly Result[]; readonly late: readonly Result[] }> {
  const load = new Load(edge, name);
  try {
    await sleep(300);
    await fault();
    await untilInService(edge, 1, noticedWithinMs);
    const noticedAt = performance.now();
    await sleep(500);
    const all = await load.stop();
    return { all, late: all.filter(({ startedAt }) => startedAt > noticedAt) };
  } finally {
    await load.stop();
    await repair();
    await untilInService(edge, 2, noticedWithinMs);
  }
}

/** Reads never fail; a write fails only as "not known", and none is sent twice. */
function assertHonest(name: string, all: readonly Result[]): void {
  deepEqual(
    failed(all).filter(({ method, problem }) => method === 'GET' || problem !== 'outcome-unknown'),
    [],
  );
  deepEqual(sentTwice(edge, name), []);
  ok(all.length > 100, `only ${all.length} requests`);
}

describe('a gateway', () => {
  test('that is killed: reads go on, only writes it had taken have an unknown outcome; it comes back', async () => {
    const kill = () => gateway.process.kill();
    const { all, late } = await during('killed', kill, () => gateway.process.start());
    assertHonest('killed', all);
    ok(failed(all).length <= 8, `${failed(all).length} failed`);
    deepEqual(failed(late), []);
  });

  test('that is frozen: reads are answered by the other one, and it is left out until it thaws', async () => {
    const freeze = () => gateway.process.freeze();
    const { all, late } = await during('frozen', freeze, () => gateway.process.thaw());
    assertHonest('frozen', all);
    deepEqual(failed(late), []);
    ok(slowest(late) < timeOutMs, `${slowest(late)} ms`);
  });

  test('that is too busy to answer health checks is left out until it does', async () => {
    const block = () => {
      const options = { host: '127.0.0.1', port: gateway.port, path: '/kv/a', headers: { Do: 'block=4500' } };
      send(options, (answer) => answer.resume())
        .on('error', () => {})
        .end();
    };
    const { all, late } = await during('blocked', block, () => {});
    assertHonest('blocked', all);
    deepEqual(failed(late), []);
    ok(slowest(late) < timeOutMs, `${slowest(late)} ms`);
  });

  test('that says it is not ready gets nothing more, and what it has is answered', async () => {
    const unready = async () => {
      await gateway.setReady(false);
      await untilInService(edge, 1, noticedWithinMs);
      const before = gateway.seen.length;
      for (let n = 0; n < 20; n += 1) equal((await client.request('GET', '/kv/a')).status, 200);
      equal(gateway.seen.length, before);
    };
    const { all } = await during('unready', unready, () => gateway.setReady(true));
    deepEqual(failed(all), []);
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

describe('a gateway that refuses connections, before a health check has noticed', async () => {
  // No request has opened a connection to it yet.
  const fresh = await startEdge();
  after(() => fresh.close());

  test('costs nothing: a write goes to the other one, a large one too', async () => {
    await fresh.gateways[0]?.process.kill();
    const bodies = Array.from({ length: 12 }, (_, at) => Buffer.alloc(at % 2 === 0 ? 10 : 1024 * 1024));
    const own = new HttpClient(fresh.url);
    const answers = await Promise.all(bodies.map((body) => own.request('PUT', '/kv/refused', { body })));
    deepEqual(
      answers.map(({ status }) => status).filter((status) => status !== 200),
      [],
    );
    equal(fresh.seen().length, bodies.length);
  });
});
