import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError } from './bootstrap.mjs';
import { run } from './child-process.mjs';
import { makeDockerSecrets } from './docker-secrets.mjs';
import { waitUntilServing } from './readiness.mjs';
import { modeOf } from './running-store.mjs';

const READY_SECONDS = 60;

/**
 * Starts the cluster of docker-compose.yml and waits until it serves; `onReady()` is called then. In the foreground it
 * then waits for Ctrl-C or SIGTERM and stops the cluster; in the background (`detach`) it leaves it running.
 * Resolves to the exit code.
 */
export async function runDocker(settings, detach, onReady) {
  const { dataDir, env } = settings;
  const mode = modeOf(dataDir);
  if (mode !== undefined && mode !== 'docker') {
    throw new SetupError(
      `The data folder ${dataDir} holds the data of the ${mode} mode. Use ./start.sh ${mode}, or set KV_DATA_DIR to another folder.`,
    );
  }
  await requireCompose();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  makeDockerSecrets(dataDir);
  writeFileSync(join(dataDir, 'mode'), 'docker\n');

  const up = await compose(['up', '--wait'], env);
  if (up.interrupted || up.code !== 0) {
    if (up.interrupted) await compose(['down'], env);
    else console.error('The cluster did not get ready. ./start.sh logs shows why, ./start.sh stop removes it.');
    return up.interrupted ? 0 : up.code;
  }
  const obstacle = await waitUntilServing(settings.origin, READY_SECONDS, () => false);
  if (obstacle !== undefined) {
    console.error(`The containers are healthy, but the store does not serve at ${settings.origin}: ${obstacle}`);
    return 1;
  }
  onReady();
  if (detach) return 0;
  await untilSignal();
  return (await compose(['down'], env)).code;
}

/** Stops the cluster; its data stays, in volumes. Resolves to the exit code. */
export async function stopDocker({ env }) {
  await requireCompose();
  return (await compose(['down'], env)).code;
}

/** Shows the containers. Resolves to the exit code. */
export async function showDocker({ env }) {
  await requireCompose();
  return (await compose(['ps'], env)).code;
}

/** Shows the logs of all containers or of one service. Resolves to the exit code. */
export async function showDockerLogs({ env }, service, follow) {
  await requireCompose();
  const args = ['logs', '--tail', '100', ...(follow ? ['--follow'] : []), ...(service === undefined ? [] : [service])];
  const { code, interrupted } = await compose(args, env);
  return interrupted ? 0 : code;
}

async function requireCompose() {
  const quiet = { stdio: 'pipe' };
  const client = await run('docker', ['compose', 'version'], quiet).catch(() => undefined);
  if (client === undefined) {
    throw new SetupError(
      'The program docker was not found. Install Docker with Compose 2.24 or newer (https://docs.docker.com/engine/install/), or use ./start.sh native or ./start.sh embedded.',
    );
  }
  if (client.code !== 0) {
    throw new SetupError(
      `"docker compose" does not work: ${client.output.trim()}\nInstall the Compose plugin, 2.24 or newer (https://docs.docker.com/compose/install/linux/).`,
    );
  }
  const server = await run('docker', ['info', '--format', '{{.ServerVersion}}'], quiet);
  if (server.code !== 0) {
    throw new SetupError(
      `The Docker engine does not answer: ${server.output.trim()}\nIs it started, and may this user use it?`,
    );
  }
}

/** Runs one command of `docker compose` on the cluster. Resolves to `{ code, interrupted }`. */
export function compose(args, env) {
  return run('docker', ['compose', ...args], { cwd: ROOT, env });
}

function untilSignal() {
  return new Promise((resolve) => {
    // Signals alone do not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
}
