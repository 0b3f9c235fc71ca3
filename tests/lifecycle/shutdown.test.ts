import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { audit } from '../faults/audit.ts';
import { Ledger } from '../faults/ledger.ts';
import { Random } from '../faults/random.ts';
import { Client } from '../faults/traffic.ts';
import { HttpClient } from '../framework/http.ts';
import { clientOf, type StoreProcess, startStore, temporaryFolder } from '../framework/store-process.ts';
import { requestHead, Wire } from '../framework/wire.ts';

const folder = await temporaryFolder();
const promisedMs = 10_000;

/** Sends SIGTERM; the store must end with 0 in the promised time. Gives the milliseconds it took. */
async function ends(store: StoreProcess): Promise<number> {
  const startedAt = performance.now();
  const timer = setTimeout(() => store.kill(), promisedMs);
  deepEqual(await store.terminated(), { code: 0, signal: null }, store.output);
  clearTimeout(timer);
  return performance.now() - startedAt;
}

const halfPut = (key: string) =>
  requestHead(`PUT /kv/${key} HTTP/1.1`, 'Host: store', 'Content-Length: 10', 'Prefer: wait=30').concat('12345');

describe('SIGTERM', () => {
  test('idle connections do not hold the store', async () => {
    const store = await startStore(join(folder, 'idle'));
    const silent = await Wire.open(store.url);
    const used = await Wire.open(store.url);
    await used.write(requestHead('GET /healthz HTTP/1.1', 'Host: store'));
    equal((await used.answer()).status, 200);
    // The one that never sent anything is cut after the grace of 5 s.
    ok((await ends(store)) < promisedMs);
    await Promise.all([silent.ended(), used.ended()]);
  });

  test('a waited write under way is answered, and is there after the next start', async () => {
    const dataDir = join(folder, 'under-way');
    const store = await startStore(dataDir);
    const wire = await Wire.open(store.url);
    await wire.write(halfPut('key'));
    // Answered on another connection, so that the half request was read before the signal.
    equal((await new HttpClient(store.url).request('GET', '/healthz')).status, 200);
    const ending = ends(store);
    await Promise.race([store.logged(/closing/), ending]);
    await wire.write('67890');
    const answer = await wire.answer();
    equal(answer.status, 201, answer.describe());
    equal(answer.header('connection'), 'close');
    await ending;
    const again = await startStore(dataDir);
    equal((await clientOf(again).getLatest('key')).text, '1234567890');
    await again.killed();
  });

  test('a half-sent request that never goes on is cut, and nothing of it is stored', async () => {
    const dataDir = join(folder, 'half-sent');
    const store = await startStore(dataDir);
    const wire = await Wire.open(store.url);
    await wire.write(halfPut('key'));
    equal((await new HttpClient(store.url).request('GET', '/healthz')).status, 200);
    await ends(store);
    await wire.ended();
    const again = await startStore(dataDir);
    equal((await clientOf(again).getLatest('key')).status, 404);
    await again.killed();
  });

  test('under load nothing that was accepted is lost', async (t) => {
    const dataDir = join(folder, 'load');
    const ledger = new Ledger();
    const sharedKeys = ['shared/0'];
    const names = Array.from({ length: 32 }, (_, index) => `own/${index}`);
    const seeds = new Random(7);
    const clients = names.map(
      (name) => new Client({ name, ownKeys: [name], sharedKeys, ledger, random: new Random(seeds.below(2 ** 31)) }),
    );
    const store = await startStore(dataDir);
    const http = new HttpClient(store.url);
    const running = Promise.all(clients.map((client) => client.run(http, () => false)));
    await Promise.race([ledger.moreAcknowledged(400), running]);
    const underWay = ledger.underWay;
    const ms = await ends(store);
    await running;
    t.diagnostic(`${ledger.acknowledged} acknowledged, ${underWay} under way, ended in ${Math.round(ms)} ms`);
    ok(underWay > 0, 'no write was under way');
    ok(ms < 5000, `it ended in ${Math.round(ms)} ms: nothing was left to wait for`);
    match(store.log.at(-1) ?? '', /"closed"/);
    const again = await startStore(dataDir);
    const second = new HttpClient(again.url);
    await audit(second, { ledger, ownKeys: names, sharedKeys });
    second.forgetConnections();
    await again.killed();
  });
});
