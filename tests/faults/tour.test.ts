import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, inParallel } from '../framework/eventually.ts';
import { HttpClient } from '../framework/http.ts';
import { withoutStoreSettings } from '../framework/store-environment.ts';
import { audit } from './audit.ts';
import { fail, startCluster } from './cluster.ts';
import { Ledger } from './ledger.ts';
import { between, Probe, probeKeys, readPath, tally, writtenPath } from './probe.ts';
import { checkPromises } from './promises.ts';
import { Random } from './random.ts';
import { RetryingClient, type Trouble } from './retrying-client.ts';
import { type TourStop, tourStops } from './tour-stops.ts';
import { Client } from './traffic.ts';

/*
 * The fault tour: one process after the other is stopped, killed and frozen, in a stack of which each kind has enough to
 * spare one. Meanwhile the promised answers, then the way back; and all the while clients that keep account of every
 * write. KV_FAULT_TOUR=whole goes to every process and to some together, else one of each kind.
 */

const isWhole = process.env.KV_FAULT_TOUR === 'whole';
const only = process.env.KV_FAULT_ONLY;
const seed = Number(process.env.KV_CRASH_SEED ?? randomInt(2 ** 31));

const numbers = Array.from({ length: probeKeys }, (_, number) => number);
const random = new Random(seed);
const ledger = new Ledger({ canLandLate: true });
const sharedKeys = ['shared/0', 'shared/1'];
const ownKeys: string[] = [];
const clients = Array.from({ length: 6 }, (_, index) => {
  const keys = Array.from({ length: 8 }, (__, number) => `own/${index}/${number}`);
  ownKeys.push(...keys);
  return new Client({
    name: `c${index}`,
    ownKeys: keys,
    sharedKeys,
    ledger,
    random: new Random(random.below(2 ** 31)),
  });
});

const cluster = await startCluster();
const http = new HttpClient(cluster.url);
let isOver = false;
const traffic = clients.map((client) => write(client));

/** Writes without a pause worth the name, and goes on after every cut. */
async function write(client: Client): Promise<void> {
  const own = new HttpClient(cluster.url);
  while (!isOver) {
    await client.run(own, () => isOver);
    await sleep(100);
  }
  own.forgetConnections();
}

describe(`fault tour, KV_CRASH_SEED=${seed}`, () => {
  const stops = tourStops(isWhole).filter(({ processes, fault }) => `${processes} ${fault}`.includes(only ?? ''));
  for (const stop of stops) {
    test(`${stop.processes.join(', ')}: ${stop.fault}`, (t) => visit(stop, t));
  }

  test('a rolling restart loses nothing that is retried, and no read shows a wrong value', async (t) => {
    const patient = numbers.slice(0, 8).map((number) => new RetryingClient(http, `rolling/${number}`));
    let isRestarted = false;
    const running = Promise.all(patient.map((client) => client.run(() => isRestarted)));
    for (const name of ['gateway-1', 'gateway-2', 'storage-node-1', 'storage-node-2']) {
      const before = cluster.process(name);
      fail(cluster, name, 'stop');
      await Promise.race([running, cluster.isBack(before)]);
      await asBefore(20_000);
    }
    isRestarted = true;
    await running;
    const sum = (member: keyof Trouble) => patient.reduce((all, { trouble }) => all + trouble[member], 0);
    t.diagnostic(
      `${sum('writes')} writes, ${sum('reads')} reads, ${sum('retried')} sent again, ${sum('stale')} cached reads behind`,
    );
    ok(sum('writes') > 100, 'there was traffic');
  });

  test('no message had to be set aside, as ./start.sh dead-letters tells', async () => {
    const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
    const env = { ...withoutStoreSettings(process.env), KV_DATA_DIR: cluster.dataDir };
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'dead-letters', 'list'], { env });
    equal(stdout, 'There are no dead letters.\n');
  });

  test('the truth meter of both storage nodes has looked, and found no broken promise', async () => {
    for (const name of ['storage-node-1', 'storage-node-2']) {
      const { metricsUrl = '' } = cluster.process(name);
      await eventually(async () => {
        const page = await (await fetch(metricsUrl)).text();
        const value = (metric: string) => Number(new RegExp(`^${metric}\\{[^}]*\\} (\\d+)`, 'm').exec(page)?.[1]);
        ok(value('kv_cache_audit_checked_total') > 0, page);
        equal(value('kv_cache_audit_violations_total'), 0, name);
      }, 30_000);
    }
  });

  test('in the end nothing is lost, nothing was applied twice, no version went back', async (t) => {
    isOver = true;
    await Promise.all(traffic);
    t.diagnostic(`${ledger.acknowledged} writes acknowledged, ${ledger.cut} cut`);
    await audit(http, { ledger, ownKeys, sharedKeys });
  });
});

async function visit({ processes, fault, promises, frozenMs, backWithinMs }: TourStop, t: TestContext): Promise<void> {
  await asBefore(backWithinMs);
  await allCached();
  const before = processes.map((name) => cluster.process(name));
  const probes = [new Probe(http, 'put', 50), new Probe(http, 'get', 50), new Probe(http, 'latest', 100)];
  await sleep(300);
  const failedAt = Date.now();
  for (const name of processes) fail(cluster, name, fault);
  if (fault === 'freeze') await sleep(frozenMs);
  else await Promise.all(before.map((each) => cluster.isBack(each)));
  const backAt = Date.now();
  if (fault === 'freeze') for (const name of processes) cluster.thaw(name);
  await asBefore(backWithinMs);
  const settledAt = Date.now();
  const samples = (await Promise.all(probes.map((probe) => probe.end()))).flat();
  t.diagnostic(`away ${backAt - failedAt} ms, as before ${settledAt - backAt} ms later`);
  for (const question of ['put', 'get', 'latest'] as const) {
    const asked = between(samples, failedAt, settledAt).filter((sample) => sample.question === question);
    t.diagnostic(`${question}: ${tally(asked)}`);
  }
  const isFrozen = fault === 'freeze';
  checkPromises(samples, promises, { failedAt, until: isFrozen ? backAt : settledAt, mayBeBack: !isFrozen });
}

/** Resolves when the cache has what the probes read. After a write it missed it may refuse a key for some seconds. */
async function allCached(): Promise<void> {
  await inParallel(numbers, 16, (number) =>
    eventually(async () => {
      const answer = await http.request('GET', readPath(number));
      match(answer.header('cache-status') ?? '', /; hit/, answer.describe());
    }, 30_000),
  );
}

/** Resolves when every partition takes and applies writes, and nothing says that anything is missing. */
async function asBefore(withinMs: number): Promise<void> {
  await eventually(
    async () => {
      const answer = await http.request('GET', '/readyz');
      deepEqual([answer.status, (answer.json() as { status: string }).status], [200, 'ready'], answer.describe());
      await inParallel(numbers, 32, async (number) => {
        for (const path of [writtenPath(number), readPath(number)]) {
          const written = await http.request('PUT', path, { body: 'x', headers: { Prefer: 'wait=5' } });
          ok(written.status === 204 || written.status === 201, written.describe());
          const read = await http.request('GET', path, { headers: { 'Cache-Control': 'no-cache' } });
          equal(read.status, 200, read.describe());
        }
      });
    },
    withinMs,
    200,
  );
}
