import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnvoyOptions, renderEnvoy } from '../../../envoy/src/render.ts';
import { heldFolder, type ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { unprivilegedUser } from '../unprivileged-user.ts';
import { answersOk } from './http-probe.ts';

export interface EnvoyServerOptions extends Omit<EnvoyOptions, 'adminSocket'> {
  readonly name: string;
  /** Holds the configuration, rewritten at every start, and the socket of the admin interface. */
  readonly folder: string;
  /** Worker threads. Default 1. */
  readonly workers?: number;
}

/** A balancer between nginx and the gateways. It runs without rights. */
export function envoySpec(options: EnvoyServerOptions): ProcessSpec {
  const { name, folder, metricsListen, workers = 1 } = options;
  return {
    name,
    command: findProgram('envoy'),
    args: [
      ...['-c', `${heldFolder}/envoy.yaml`],
      ...['--concurrency', `${workers}`],
      ...['--log-level', 'warning'],
      // Two versions that share the sockets need memory in common, under a number that has to be unique on the machine.
      '--disable-hot-restart',
    ],
    isUnprivileged: true,
    folder,
    readyWithinMs: 10_000,
    prepare: () => writeConfiguration(folder, renderEnvoy({ ...options, adminSocket: `${heldFolder}/admin.sock` })),
    // Not before it has asked each gateway once.
    isReady: () => answersOk(metricsListen.host, metricsListen.port, '/readyz'),
  };
}

async function writeConfiguration(folder: string, text: string): Promise<void> {
  const file = join(folder, 'envoy.yaml');
  const user = unprivilegedUser();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(join(folder, 'admin.sock'), { force: true });
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  if (user !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chown(`${file}.new`, user.uid, user.gid);
  }
  await rename(`${file}.new`, file);
}
