import { join } from 'node:path';
import { freePort } from '../../../native/src/free-port.ts';
import type { ManagedProcess } from '../../../native/src/managed-process.ts';
import { heldFolder, type ProcessSpec } from '../../../native/src/process-spec.ts';
import { type EnvoyServerOptions, envoySpec } from '../../../native/src/servers/envoy.ts';
import { nginxSpec } from '../../../native/src/servers/nginx.ts';
import type { ServerProcess } from '../usage.ts';
import type { Peer } from './peer.ts';
import { type Runner, runningPid } from './runner.ts';

/* Nginx and Envoy in front of a peer, with the configuration that the native mode gives its own: made by the same renderers
   from the same defaults. Only the path of the health check follows the peer, and whether Envoy reaches it by a Unix socket. */

const host = '127.0.0.1';
const common = {
  maxValueBytes: 1024 * 1024,
  confirmTimeoutMs: 5000,
  readTimeoutMs: 5000,
  accessLog: 'notable',
} as const;
const healthCheck = 'path: /readyz, host: gateway';

export interface EdgeOptions {
  /** What the peer answers with 200 when it is well. */
  readonly healthPath: string;
  /** Name of the Unix socket in `runner.sockets` that it listens on. Default: Envoy goes to its port. */
  readonly socket?: string;
}

export async function startEdge(runner: Runner, peer: Peer, { healthPath, socket }: EdgeOptions): Promise<Peer> {
  const name = `${peer.name} behind Nginx and Envoy`;
  const label = peer.name.replaceAll(/\W+/g, '-');
  const envoyPort = await freePort();
  const envoy = await runner.start(
    withHealthPath(
      envoySpec({
        ...common,
        ...(await envoyPlaces(runner, label, envoyPort)),
        ...(socket === undefined
          ? { gateways: [{ host, port: peer.port }] }
          : { sockets: runner.sockets.folder, gateways: [{ path: join(heldFolder, socket) }] }),
      }),
      healthPath,
    ),
  );
  const { port, process } = await startNginx(runner, label, envoyPort);
  const processes = (): readonly ServerProcess[] => [
    { kind: 'nginx', pid: runningPid(process) },
    { kind: 'envoy', pid: runningPid(envoy) },
    ...peer.processes(),
  ];
  return { name, port, processes };
}

/** @param connections of the one worker, clients and Envoys together; as the native mode has it when left out */
export async function startNginx(
  runner: Runner,
  label: string,
  envoyPort: number,
  connections?: number,
): Promise<{ readonly port: number; readonly process: ManagedProcess }> {
  const port = await freePort();
  const name = `${label}-nginx`;
  const process = await runner.start(
    nginxSpec({
      ...common,
      name,
      folder: join(runner.folder, name),
      listen: { host, port },
      envoys: [{ host, port: envoyPort }],
      workers: 1,
      ...(connections === undefined ? {} : { connections }),
    }),
  );
  return { port, process };
}

async function envoyPlaces(
  runner: Runner,
  label: string,
  port: number,
): Promise<Pick<EnvoyServerOptions, 'name' | 'folder' | 'listen' | 'metricsListen'>> {
  const name = `${label}-envoy`;
  return {
    name,
    folder: join(runner.folder, name),
    listen: { host, port },
    metricsListen: { host, port: await freePort() },
  };
}

/** @throws Error when the configuration has no such check any more: then this has to follow it */
function withHealthPath(spec: ProcessSpec, healthPath: string): ProcessSpec {
  const args = spec.args.map((each) => each.replace(healthCheck, healthCheck.replace('/readyz', healthPath)));
  if (!args.some((each) => each.includes(`path: ${healthPath}, host`)))
    throw new Error(`Envoy's configuration has no "${healthCheck}"`);
  return { ...spec, args };
}
