import { ok } from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../framework/http.ts';
import { StoreProcess, startStore, temporaryFolder } from '../framework/store-process.ts';
import { audit } from './audit.ts';
import { Ledger } from './ledger.ts';
import { Random } from './random.ts';
import { Client } from './traffic.ts';

/*
 * The store is killed with SIGKILL under writes, again and again, and each time held against what it said before.
 * KV_CRASH_KILLS=20 kills it twenty times; KV_CRASH_SEED makes the choices of an earlier run again.
 */

const kills = Number(process.env.KV_CRASH_KILLS ?? 3);
const seed = Number(process.env.KV_CRASH_SEED ?? randomInt(2 ** 31));
const clientCount = 24;
const keysPerClient = 5;
const leastAcknowledged = 200;

const random = new Random(seed);
const ledger = new Ledger();
const sharedKeys = ['shared/0', 'shared/1', 'shared/2'];
const clients: Client[] = [];
const ownKeys: string[] = [];
for (let index = 0; index < clientCount; index += 1) {
  const keys = Array.from({ length: keysPerClient }, (_, number) => `own/${index}/${number}`);
  ownKeys.push(...keys);
  clients.push(
    new Client({ name: `c${index}`, ownKeys: keys, sharedKeys, ledger, random: new Random(random.below(2 ** 31)) }),
  );
}

const dataDir = await temporaryFolder();

describe(`SIGKILL under writes, ${kills} times, KV_CRASH_SEED=${seed}`, () => {
  for (let kill = 1; kill <= kills; kill += 1) {
    test(`kill ${kill}: nothing lost, nothing twice, no version back`, async (t) => {
      const acknowledgedBefore = ledger.acknowledged;
      const cutBefore = ledger.cut;
      const underWay = await writeAndKill();
      if (random.chance(0.5)) await killWhileStarting();
      await holdAgainstLedger();
      const acknowledged = ledger.acknowledged - acknowledgedBefore;
      t.diagnostic(`${acknowledged} writes acknowledged, ${underWay} under way at the kill`);
      ok(acknowledged >= leastAcknowledged, `only ${acknowledged} writes were acknowledged before the kill`);
      ok(ledger.cut > cutBefore, 'the kill cut no write');
    });
  }
});

/** Runs all clients against a new process and kills it; gives how many writes were under way then. */
async function writeAndKill(): Promise<number> {
  const store = await startStore(dataDir);
  const http = new HttpClient(store.url);
  let isOver = false;
  const running = clients.map((client) => client.run(http, () => isOver));
  const enough = ledger.moreAcknowledged(leastAcknowledged + random.below(400));
  await Promise.race([enough, Promise.all(running)]);
  // Answers come right after a commit; without this pause all kills would fall just there.
  await sleep(random.below(25));
  const { underWay } = ledger;
  store.kill();
  isOver = true;
  await Promise.all([...running, store.exited]);
  http.forgetConnections();
  return underWay;
}

/** A second crash, somewhere while the store starts and takes up what the first one left. */
async function killWhileStarting(): Promise<void> {
  const store = new StoreProcess({ KV_DATA_DIR: dataDir });
  await sleep(random.below(700));
  await store.killed();
}

async function holdAgainstLedger(): Promise<void> {
  const store = await startStore(dataDir);
  const http = new HttpClient(store.url);
  try {
    await audit(http, { ledger, ownKeys, sharedKeys });
  } finally {
    http.forgetConnections();
    await store.killed();
  }
}
