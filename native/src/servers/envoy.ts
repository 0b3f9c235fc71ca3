import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnvoyOptions, renderEnvoy } from '../../../envoy/src/render.ts';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { unprivilegedUser } from '../unprivileged-user.ts';
import { answersOk } from './http-probe.ts';
import { writePrivateFile } from './private-file.ts';

export interface EnvoyServerOptions extends Omit<EnvoyOptions, 'adminSocket'> {
  readonly name: string;
  /** Holds the socket of the admin interface, and the configuration for people to read. */
  readonly folder: string;
  /** Holds the sockets of gateways, where they listen on such. */
  readonly sockets?: string;
  /** Worker threads. Default 1. */
  readonly workers?: number;
}

const socket = 'admin.sock';

/** A balancer between nginx and the gateways. It runs without rights. */
export function envoySpec(options: EnvoyServerOptions): ProcessSpec {
  const { name, folder, sockets, metricsListen, workers = 1 } = options;
  const configuration = renderEnvoy({ ...options, adminSocket: socket });
  return {
    name,
    command: findProgram('envoy'),
    args: [
      // Not as a file: Envoy insists on its full path, and may not enter the folders on the way. There is no secret in it.
      ...['--config-yaml', configuration],
      ...['--concurrency', `${workers}`],
      ...['--log-level', 'warning'],
      // The default is 10 s, during which a line about a request is nowhere to be found.
      ...['--file-flush-interval-msec', '500'],
      // Two processes that hand over their sockets need memory in common, under a number nobody else on the machine has.
      '--disable-hot-restart',
    ],
    isUnprivileged: true,
    cwd: folder,
    ...(sockets === undefined ? {} : { folder: sockets }),
    readyWithinMs: 10_000,
    prepare: () => prepareFolder(folder, configuration),
    // Not before it has asked each gateway once.
    isReady: () => answersOk(metricsListen.host, metricsListen.port, '/readyz'),
  };
}

async function prepareFolder(folder: string, configuration: string): Promise<void> {
  const user = unprivilegedUser();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(join(folder, socket), { force: true });
  await writePrivateFile(join(folder, 'envoy.yaml'), configuration);
  if (user !== undefined) await chown(folder, user.uid, user.gid);
}
