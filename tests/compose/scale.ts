import { deepEqual, equal } from 'node:assert/strict';
import { eventually } from '../framework/eventually.ts';
import type { Cluster, Container } from './cluster.ts';
import type { Ledger } from './ledger.ts';

const ports = { envoy: 8085, consumer: 8082 };

/** @throws Error unless each Envoy finds 4 gateways and each of 4 consumers gets its share of the 16 partitions */
export async function checkScale(cluster: Cluster, ledger: Ledger): Promise<string> {
  await cluster.up({ gateway: 4, consumer: 4 });
  equal((await cluster.containers('gateway')).length, 4);
  const shares = await eventually(() => readShares(cluster), 60_000, 1_000);
  await ledger.write(40, 10_000);
  await ledger.check(10_000);
  await cluster.up({ gateway: 2, consumer: 2 });
  await ledger.write(20, 30_000);
  await ledger.check(10_000);
  return `partitions of the consumers: ${shares.join(', ')}`;
}

async function readShares(cluster: Cluster): Promise<readonly number[]> {
  for (const envoy of await cluster.containers('envoy')) {
    const healthy = await metric(cluster, envoy, ports.envoy, /^envoy_cluster_membership_healthy\{.*"gateways"\} /);
    equal(healthy, 4, 'gateways that an Envoy sends requests to');
  }
  const consumers = await cluster.containers('consumer');
  const shares = await Promise.all(
    consumers.map((each) => metric(cluster, each, ports.consumer, /^kv_partitions_served\b/)),
  );
  deepEqual(shares, [4, 4, 4, 4], 'partitions of the consumers');
  return shares;
}

/** The value of the first line that fits, of the page a container shows on its own port. */
async function metric(cluster: Cluster, container: Container, port: number, series: RegExp): Promise<number> {
  const request = 'GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n';
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; cat <&3`;
  const answer = await cluster.exec(container, 'bash', '-c', script);
  // A chunk may end within a line.
  const page = answer.replace(/\r\n[\da-f]+\r\n/g, '');
  const line = page.split('\n').find((each) => series.test(each));
  return Number(line?.split(' ').at(-1) ?? 'NaN');
}
