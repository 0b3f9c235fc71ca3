import { ok } from 'node:assert/strict';
import { eventually } from '../framework/eventually.ts';
import type { Cluster } from './cluster.ts';

/**
 * Changes which requests Nginx logs, a setting that it takes from its configuration file, and back.
 *
 * @throws Error unless the file is made anew and Nginx starts again with it
 */
export async function checkSettings(cluster: Cluster): Promise<undefined> {
  const before = await nameRequest(cluster);
  await cluster.up({}, { KV_ACCESS_LOG: 'all' });
  const after = await nameRequest(cluster);
  const [nginx] = await cluster.containers('nginx');
  ok(nginx);
  await eventually(async () => {
    const output = await cluster.output(nginx);
    ok(output.includes(after), 'a request that is not in the log');
    ok(!output.includes(before), 'a request in the log that nobody asked for');
  });
  await cluster.up();
  return undefined;
}

/** Sends a request that is only logged when all are, and gives what its log line would contain. */
async function nameRequest(cluster: Cluster): Promise<string> {
  const name = `edge-${performance.now()}`;
  const answer = await fetch(`${cluster.url}/healthz?${name}`);
  ok(answer.ok, `/healthz: ${answer.status}`);
  return name;
}
