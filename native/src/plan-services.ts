import { fileURLToPath } from 'node:url';
import { consumerProcessSettings } from '@stratakv/consumer';
import { gatewayProcessSettings } from '@stratakv/gateway';
import type { SettingsTable } from '@stratakv/service-kit';
import { storageNodeProcessSettings } from '@stratakv/storage-node';
import { inheritedSettings } from './config.ts';
import { answersOk } from './servers/http-probe.ts';
import { numberedNames, type StackProcess, type StackSite } from './stack-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

type ServiceKind = 'consumer' | 'storage-node' | 'gateway';

interface Service {
  readonly settings: SettingsTable;
  /** Setting that holds the port. */
  readonly portName: string;
}

const services: Readonly<Record<ServiceKind, Service>> = {
  consumer: { settings: consumerProcessSettings, portName: 'KV_CONSUMER_PORT' },
  'storage-node': { settings: storageNodeProcessSettings, portName: 'KV_STORAGE_PORT' },
  gateway: { settings: gatewayProcessSettings, portName: 'KV_GATEWAY_PORT' },
};

/**
 * The services of StrataKV itself, in the order consumers, storage nodes, gateways.
 *
 * @param environment how they reach the servers
 */
export async function planServices(
  site: StackSite,
  environment: Readonly<Record<string, string>>,
): Promise<readonly StackProcess[]> {
  const { config, ports, secrets, env } = site;
  await secrets.secretOf('secret');
  const secret = env.KV_SECRET ? { KV_SECRET: env.KV_SECRET } : { KV_SECRET_FILE: secrets.fileOf('secret') };
  const counts = { consumer: config.consumers, 'storage-node': config.storageNodes, gateway: config.gateways } as const;
  const storagePorts: number[] = [];
  for (const name of numberedNames('storage-node', config.storageNodes)) storagePorts.push(await ports.portOf(name));
  const told = {
    ...environment,
    ...secret,
    KV_STORAGE_NODES: storagePorts.map((port) => `http://127.0.0.1:${port}`).join(','),
  };
  const planned: StackProcess[] = [];
  for (const kind of ['consumer', 'storage-node', 'gateway'] as const) {
    for (const name of numberedNames(kind, counts[kind])) planned.push(await planService(site, kind, name, told));
  }
  return planned;
}

async function planService(
  { ports, env, sockets }: StackSite,
  kind: ServiceKind,
  name: string,
  told: Readonly<Record<string, string>>,
): Promise<StackProcess> {
  const { settings, portName } = services[kind];
  const port = await ports.portOf(name);
  return {
    kind,
    port,
    metricsUrl: `http://127.0.0.1:${port}/metrics`,
    spec: {
      name,
      command: process.execPath,
      args: [`${kind}/src/main.ts`],
      cwd: root,
      env: {
        ...compileCache(),
        // So that a search for a trace finds the whole way of a write.
        ...onlyKnown({ KV_LOG_WRITES: 'true' }, settings),
        ...inheritedSettings(settings, env),
        ...onlyKnown(told, settings),
        ...onlyKnown({ KV_GATEWAY_SOCKET: sockets.pathOf(name) }, settings),
        [portName]: `${port}`,
      },
      ...(kind === 'gateway' ? { folder: sockets.folder, prepare: () => sockets.prepare() } : {}),
      // It finishes the requests it has, which may wait for an outcome.
      stopWithinMs: 15_000,
      // That it is alive. Whether it is ready depends on others, which may have to be started again first.
      isReady: () => answersOk('127.0.0.1', port, '/healthz'),
    },
  };
}

/** A gateway learns no address of the database, a consumer no secret of the gateways. */
function onlyKnown(told: Readonly<Record<string, string>>, settings: SettingsTable): Readonly<Record<string, string>> {
  const known = new Set(Object.values(settings).flatMap(({ name }) => [name, `${name}_FILE`]));
  return Object.fromEntries(Object.entries(told).filter(([name]) => known.has(name)));
}

/** Where Node keeps compiled modules, if ./start.sh said so: without it each start compiles all again. */
function compileCache(): Readonly<Record<string, string>> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}
