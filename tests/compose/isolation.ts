import { equal, ok } from 'node:assert/strict';
import type { Cluster } from './cluster.ts';

/** Who can find whom: a container is in the DNS of its networks only. */
const sights: readonly (readonly [from: string, to: string, isThere: boolean])[] = [
  ['gateway', 'storage-node', true],
  ['gateway', 'rabbitmq-1', true],
  ['gateway', 'postgres', false],
  ['gateway', 'redis-1', false],
  ['storage-node', 'postgres', true],
  ['storage-node', 'rabbitmq-1', false],
  ['consumer', 'lock-1', true],
  ['consumer', 'envoy', false],
];

/** @throws Error when a container sees one it should not, or does not see one it needs */
export async function checkNetworks(cluster: Cluster): Promise<undefined> {
  for (const [from, to, isThere] of sights) {
    const [container] = await cluster.containers(from);
    ok(container);
    const script = `require('node:dns').lookup('${to}', (error) => console.log(error ? 'unknown' : 'found'))`;
    const answer = await cluster.exec(container, 'node', '--eval', script);
    equal(answer.trim(), isThere ? 'found' : 'unknown', `${to}, seen from ${from}`);
  }
  return undefined;
}

/**
 * What the kernel says about the first process of each container, which the others come from.
 *
 * @throws Error when one is root, could get a capability or a privilege, or can write to its image
 */
export async function checkProcesses(cluster: Cluster): Promise<string> {
  const containers = await cluster.containers();
  for (const container of containers) {
    const { service } = container;
    const status = await cluster.exec(container, 'cat', '/proc/1/status');
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    ok(/\d/.test(field('Uid')), `${service}: no answer`);
    ok(
      field('Uid')
        .split(/\s+/)
        .every((uid) => Number(uid) > 0),
      `${service} runs as root`,
    );
    equal(Number.parseInt(field('CapBnd'), 16), 0, `${service} could get capabilities`);
    equal(field('NoNewPrivs'), '1', `${service} may gain privileges`);
    const written = await cluster.exec(container, 'sh', '-c', 'touch /etc/written 2>/dev/null && echo yes');
    equal(written, '', `${service} can write to its image`);
  }
  return `${containers.length} containers`;
}
