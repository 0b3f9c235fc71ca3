import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../../framework/eventually.ts';
import { cacheClients } from './cluster.ts';
import { startNativeSite } from './native-site.ts';
import { partitionQueueName } from './store-broker.ts';

const site = await startNativeSite();
after(() => site.close());

interface Receipt {
  readonly id: string;
  readonly status: string;
  readonly version?: number;
  readonly created?: boolean;
  readonly acceptedAt: string;
  readonly settledAt: string;
  readonly expiresAt?: string;
  readonly problem?: { readonly type: string; readonly currentVersion?: number };
}

async function write(method: string, key: string, headers: Record<string, string> = {}): Promise<Receipt> {
  const init = method === 'PUT' ? { method, body: 'x' } : { method };
  const sent = await fetch(`${site.url}/kv/${key}`, { ...init, headers });
  const { id } = (await sent.json()) as Receipt;
  const asked = await fetch(`${site.url}/operations/${id}`, { headers: { Prefer: 'wait=20' } });
  return (await asked.json()) as Receipt;
}

test('the log it reads from the database is what the store tells about each operation', async () => {
  const receipts = [
    await write('PUT', 'ä/1', { 'KV-TTL': '600' }),
    await write('PUT', 'ä/1'),
    await write('PUT', 'ä/1', { 'If-None-Match': '*' }),
    await write('DELETE', 'ä/1'),
    await write('DELETE', 'ä/2'),
    await write('PUT', 'own-of-the-site/x'),
  ];
  const { isWhole, rows } = await site.operationsLog();
  ok(isWhole);
  const told = receipts.slice(0, 5).map((receipt, index) => ({
    id: receipt.id,
    key: index === 4 ? 'ä/2' : 'ä/1',
    status: receipt.status,
    version: receipt.version,
    created: receipt.created,
    expiresAt: receipt.expiresAt && Date.parse(receipt.expiresAt),
    acceptedAt: Date.parse(receipt.acceptedAt),
    settledAt: Date.parse(receipt.settledAt),
    problem: receipt.problem?.type.replace('urn:stratakv:problem:', ''),
    currentVersion: receipt.problem?.currentVersion,
  }));
  const found = receipts
    .map(({ id }) => rows.find((row) => row.id === id))
    .filter((row) => row !== undefined)
    .map(({ action: _, ...row }) => row);
  deepEqual(found, told);
  equal(rows.length, 5);
});

test('a message that cannot be read is counted among the dead letters', async () => {
  equal(await site.deadLetters(), 0);
  await site.broker.publish(partitionQueueName(0), Buffer.from('not a batch'));
  await eventually(async () => equal(await site.deadLetters(), 1), 20_000);
});

test('every service has its connections through proxies, those to the master of the cache too', async () => {
  const master = await site.cache.master();
  const open = (from: string, to: string) =>
    site.proxies.between(from, to).filter(({ proxy }) => proxy.open > 0).length;
  equal(open('storage-node', master) + open('consumer', master), cacheClients);
  equal(await site.cache.clientsOf(master), cacheClients);
  for (const [from, to] of [
    ['gateway-1', 'rabbitmq'],
    ['gateway-2', 'storage-node'],
    ['storage-node-1', 'postgres'],
    ['consumer-2', 'postgres'],
    ['consumer-1', 'lock'],
  ] as const)
    ok(open(from, to) > 0, `${from} > ${to}`);
});

test('what is killed is seen to be gone, and comes back; what is frozen is not well before it is thawed', async () => {
  const { pid, restarts } = site.stack.process('storage-node-2');
  await site.kill('storage-node-2');
  await site.isBack('storage-node-2', restarts, 20_000);
  ok(site.stack.process('storage-node-2').pid !== pid);
  await site.isWell(30_000);
  site.freeze('gateway-2');
  await rejects(site.isWell(4_000), /not well after 4000 ms/);
  site.thaw('gateway-2');
  await site.isWell(30_000);
  match(site.processes.join(' '), /nginx/);
});
