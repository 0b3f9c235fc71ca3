import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const storeFile = fileURLToPath(new URL('../../embedded/src/main.ts', import.meta.url));
const constantFile = fileURLToPath(new URL('./constant-server.ts', import.meta.url));
const readyWithinMs = 30_000;
const stoppedWithinMs = 15_000;
const pollMs = 5;

/** A server under load, in a process of its own. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly hasMetrics: boolean;
  /** Milliseconds from its spawn to its first 200. */
  readonly readyMs: number;
  /** When it was spawned, by `performance.now`. */
  readonly spawnedAt: number;
  close(): Promise<void>;
}

interface ServerOptions {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly path: string;
  readonly hasMetrics: boolean;
}

/** How a folder goes. Servers that were killed a moment ago may still make a file. */
export const removal = { recursive: true, force: true, maxRetries: 10 } as const;

/** A folder for the data of one benchmark; `remove` deletes it, and so does the end of this process. */
export interface DataFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

export async function makeDataFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'stratakv-bench-'));
  const removeAtExit = () => rmSync(path, removal);
  process.once('exit', removeAtExit);
  const remove = async () => {
    process.off('exit', removeAtExit);
    await rm(path, removal);
  };
  return { path, remove };
}

/** Starts the embedded store on a data folder, with its default settings. */
export function startStore(dataDir: string): Promise<Server> {
  return startServer({
    name: 'embedded',
    arguments: [storeFile],
    environment: { KV_DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    path: '/readyz',
    hasMetrics: true,
  });
}

/**
 * Starts a Fastify route that returns a constant: `kit` with the settings, hooks, health and metrics that every
 * service has, `bare` with Fastify's own settings.
 *
 * @param socket of Unix, on which it listens as well, as a gateway does
 */
export function startConstant(kind: 'kit' | 'bare', bytes: number, socket?: string): Promise<Server> {
  const isKit = kind === 'kit';
  const options = {
    arguments: [constantFile, kind, String(bytes), ...(socket === undefined ? [] : [socket])],
    path: '/constant',
    hasMetrics: isKit,
  };
  return startServer({ name: `constant (${kind})`, ...options });
}

async function startServer(options: ServerOptions): Promise<Server> {
  const port = await freePort();
  const spawnedAt = performance.now();
  const child = spawn(process.execPath, [...options.arguments], {
    env: { ...withoutStoreSettings(process.env), ...options.environment, KV_PORT: String(port), LOG_FORMAT: 'json' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const close = async () => {
    await stop(child);
    process.off('exit', onExit);
  };
  try {
    await untilReady(child, `http://127.0.0.1:${port}${options.path}`);
  } catch (error) {
    await close();
    throw error;
  }
  const readyMs = performance.now() - spawnedAt;
  return { name: options.name, pid: child.pid ?? 0, port, hasMetrics: options.hasMetrics, readyMs, spawnedAt, close };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while (!(await answersReady(url))) {
    if (hasEnded(child)) throw new Error('a server ended before it was ready');
    if (performance.now() > deadline) throw new Error(`a server was not ready within ${readyWithinMs} ms`);
    await sleep(pollMs);
  }
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
  await ended;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A developer's own settings must not change what is measured. Node's compile cache stays as `npm run` and start.sh set it. */
function withoutStoreSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(?:KV_|LOG_|NODE_OPTIONS$)/.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
