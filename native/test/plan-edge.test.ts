import { equal, match, throws } from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, type Environment } from '@stratakv/service-kit';
import { readNativeConfig } from '../src/config.ts';
import { planEdge } from '../src/plan-edge.ts';
import { PortBook } from '../src/port-book.ts';
import { SecretFolder } from '../src/secret-folder.ts';
import { SocketFolder } from '../src/socket-folder.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-edge-plan-'));
after(() => rm(folder, { recursive: true, force: true }));

/** The nginx.conf the native mode writes under these settings. Nothing is started. */
async function nginxConfiguration(env: Environment): Promise<string> {
  const site = {
    config: readNativeConfig(env),
    env,
    ports: new PortBook(join(folder, 'ports.json')),
    secrets: new SecretFolder(join(folder, 'secrets')),
    sockets: new SocketFolder(join(folder, 'sockets')),
    folderOf: (name: string) => join(folder, name),
  };
  const nginx = (await planEdge(site, [], 8080)).find(({ kind }) => kind === 'nginx');
  await nginx?.spec.prepare?.();
  return readFile(join(folder, 'nginx', 'nginx.conf'), 'utf8');
}

test('Nginx of the native mode holds as many connections as it is told, each with its way to an Envoy', async () => {
  const told = await nginxConfiguration({ KV_NGINX_CONNECTIONS: '12000' });
  match(told, /worker_connections 12000;/);
  match(told, /worker_rlimit_nofile 24064;/);
  match(await nginxConfiguration({}), /worker_connections 8192;/);
});

test('what Nginx would not take is refused before anything is started', () => {
  throws(
    () => readNativeConfig({ KV_NGINX_CONNECTIONS: 'many' }),
    (error) => error instanceof ConfigError && /KV_NGINX_CONNECTIONS: "many" is not valid/.test(error.message),
  );
  equal(readNativeConfig({}).nginxConnections, 8192);
});
