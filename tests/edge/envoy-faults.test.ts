import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../native/src/managed-process.ts';
import { HttpClient } from '../framework/http.ts';
import { startEdge } from './edge.ts';
import { failed, Load, type Result, sentTwice, slowest } from './load.ts';

const edge = await startEdge({ gatewayCount: 1, envoyCount: 2 });
after(() => edge.close());
const [envoy] = edge.envoys as [ManagedProcess];
const client = new HttpClient(edge.url);

/** nginx learns from requests that fail: with the time-outs of this test, a write takes 4.5 s to. */
const silentWriteMs = 5_000;

function assertHonest(name: string, all: readonly Result[]): void {
  deepEqual(
    failed(all).filter(({ method, problem }) => method === 'GET' || problem !== 'outcome-unknown'),
    [],
  );
  deepEqual(sentTwice(edge, name), []);
  ok(all.length > 100, `only ${all.length} requests`);
}

describe('one of two Envoys', () => {
  test('that is killed: reads go on, only writes it had taken have an unknown outcome, none is sent twice', async () => {
    const load = new Load(edge, 'killed');
    await sleep(300);
    await envoy.kill();
    const killedAt = performance.now();
    await sleep(1_000);
    const all = await load.stop();
    assertHonest('killed', all);
    ok(failed(all).length <= 8, `${failed(all).length} failed`);
    // The connection is refused, so nothing has been sent: the other one gets it.
    deepEqual(failed(all.filter(({ startedAt }) => startedAt > killedAt)), []);
    await envoy.start();
  });

  test('that is gone costs a write nothing, a large one neither', async () => {
    // Until nginx sends requests to it again.
    await sleep(5_100);
    await envoy.kill();
    const bodies = Array.from({ length: 12 }, (_, at) => Buffer.alloc(at % 2 === 0 ? 10 : 1024 * 1024));
    const answers = await Promise.all(bodies.map((body) => client.request('PUT', '/kv/gone', { body })));
    deepEqual(
      answers.map(({ status }) => status).filter((status) => status !== 200),
      [],
    );
    deepEqual(
      edge
        .seen()
        .filter(({ target }) => target === '/kv/gone')
        .map(({ bytes }) => bytes)
        .toSorted((one, other) => one - other),
      bodies.map(({ length }) => length).toSorted((one, other) => one - other),
    );
    await envoy.start();
  });

  test('that is frozen: reads are late once, writes it may have taken are not known, then it is left out', async () => {
    await sleep(5_100);
    const load = new Load(edge, 'frozen');
    await sleep(300);
    envoy.freeze();
    await sleep(silentWriteMs);
    const noticedAt = performance.now();
    await sleep(1_000);
    envoy.thaw();
    const all = await load.stop();
    assertHonest('frozen', all);
    const late = all.filter(({ startedAt }) => startedAt > noticedAt);
    ok(late.length > 0);
    // One request every five seconds asks whether it is back.
    ok(late.filter(({ milliseconds }) => milliseconds > 1_000).length <= 1);
    ok(slowest(all) < 8_000, `${slowest(all)} ms`);
  });

  test('that is restarted again and again answers with what it knows at each moment', async () => {
    const load = new Load(edge, 'again');
    for (let round = 0; round < 2; round += 1) {
      await envoy.stop();
      await envoy.start();
    }
    const all = await load.stop();
    assertHonest('again', all);
    equal(
      edge.seen().filter(({ method, id }) => method === 'PUT' && id.startsWith('again-')).length,
      all.filter(({ method, status }) => method === 'PUT' && status === 200).length + failed(all).length,
    );
  });
});
