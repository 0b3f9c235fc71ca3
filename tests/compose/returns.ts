import { ok } from 'node:assert/strict';
import type { Cluster, Container } from './cluster.ts';
import type { Ledger } from './ledger.ts';

/** A container of each kind that is killed. */
export const kinds = [
  'nginx',
  'envoy',
  'gateway',
  'storage-node',
  'consumer',
  'redis',
  'sentinel',
  'lock',
  'rabbitmq',
  'postgres',
] as const;

export type Kind = (typeof kinds)[number];

const returnsWithinMs = 180_000;

/**
 * Kills a container, and goes on writing.
 *
 * @throws Error unless it comes back, all writes are applied in the end, and none is lost
 */
export async function checkReturn(kind: Kind, cluster: Cluster, ledger: Ledger): Promise<string> {
  const container = await pick(kind, cluster);
  const { restarts } = await cluster.inspect(container);
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  await cluster.kill(container);
  const written = ledger.write(10, returnsWithinMs).then(seconds);
  const returned = cluster.awaitReturn(container, restarts, returnsWithinMs).then(seconds);
  const [writtenAfter, returnedAfter] = await Promise.all([written, returned]);
  ledger.reconnect();
  await ledger.checkReady(30_000);
  await ledger.write(10, 30_000);
  await ledger.check(30_000);
  return `${container.service}: 10 writes applied ${writtenAfter} s after the kill, healthy again after ${returnedAfter} s`;
}

/** Of a kind with several, the one that matters most. */
async function pick(kind: Kind, cluster: Cluster): Promise<Container> {
  const isNumbered = kind === 'sentinel' || kind === 'lock' || kind === 'rabbitmq';
  const service = kind === 'redis' ? await masterRedis(cluster) : isNumbered ? `${kind}-1` : kind;
  const [container] = await cluster.containers(service);
  ok(container, `no container of ${service} runs`);
  return container;
}

async function masterRedis(cluster: Cluster): Promise<string> {
  const [sentinel] = await cluster.containers('sentinel-1');
  ok(sentinel);
  const script =
    'REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli -p 26379 sentinel get-master-addr-by-name stratakv';
  return (await cluster.exec(sentinel, 'sh', '-c', script)).split('\n')[0] ?? '';
}
