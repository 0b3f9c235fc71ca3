import { isThere } from '../../../native/src/process-tree.ts';
import { cacheClients } from './cluster.ts';
import type { NativeSite } from './native-site.ts';

const ownProbes = 'own-of-the-site/probe/';
const probes = 48;

/**
 * What is not as it was at the start; undefined: all is well. Every process runs, every service and the whole store says
 * that it is ready and nothing missing, the cache has one master with its replica and all services at it, and a delete
 * goes through every partition and back.
 *
 * @throws Error when somebody cannot be asked
 */
export async function unwell(site: NativeSite): Promise<string | undefined> {
  const { processes } = site.stack.note;
  const down = processes.filter(({ pid, identity }) => pid === undefined || !isThere({ pid, identity }));
  if (down.length > 0) return `down: ${down.map(({ name }) => name).join(', ')}`;
  const services = processes.filter(({ kind }) => kind === 'gateway' || kind === 'storage-node' || kind === 'consumer');
  const pages = [...services.map(({ metricsUrl = '' }) => new URL('/readyz', metricsUrl).href), `${site.url}/readyz`];
  for (const page of pages) {
    const answer = await fetch(page, { signal: AbortSignal.timeout(3_000) });
    const report = (await answer.json()) as { status?: string };
    if (report.status !== 'ready') return `${page}: ${JSON.stringify(report)}`;
  }
  const away = await site.broker.nodeAway();
  if (away !== undefined) return `rabbitmq-${away} serves nobody`;
  return (await cacheUnwell(site)) ?? (await partitionsUnwell(site));
}

async function cacheUnwell({ cache }: NativeSite): Promise<string | undefined> {
  const master = await cache.master();
  const role = await cache.info(master, 'role');
  if (role !== 'master') return `${master} is no master yet`;
  for (const replica of await cache.replicas()) {
    const [link, port] = [await cache.info(replica, 'master_link_status'), await cache.info(replica, 'role')];
    if (link !== 'up' || port !== 'slave') return `${replica} does not follow ${master}`;
  }
  const clients = await cache.clientsOf(master);
  return clients === cacheClients ? undefined : `${clients} services are at ${master} instead of ${cacheClients}`;
}

/** Deletes of what is not there change nothing, and leave nothing. */
async function partitionsUnwell({ url }: NativeSite): Promise<string | undefined> {
  const answers = await Promise.all(
    Array.from({ length: probes }, async (_, number) => {
      const answer = await fetch(`${url}/kv/${ownProbes}${number}`, {
        method: 'DELETE',
        headers: { Prefer: 'wait=5' },
        signal: AbortSignal.timeout(15_000),
      });
      return answer.status === 204 ? undefined : `a delete: ${answer.status} ${await answer.text()}`;
    }),
  );
  return answers.find((each) => each !== undefined);
}
