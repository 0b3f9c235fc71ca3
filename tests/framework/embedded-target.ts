import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Settings, Target } from './target.ts';

const mainFile = fileURLToPath(new URL('../../embedded/src/main.ts', import.meta.url));
const readyWithinMs = 10_000;
const stoppedWithinMs = 15_000;
const keptOutput = 16 * 1024;

/** The store as one process with its own port and data folder. */
class EmbeddedTarget implements Target {
  readonly url: string;
  readonly metricsUrls: readonly string[];
  readonly canRestart = true;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(port: number, dataDir: string, settings: Settings) {
    this.url = `http://127.0.0.1:${port}`;
    this.metricsUrls = [`${this.url}/metrics`];
    this.#dataDir = dataDir;
    this.#environment = {
      ...withoutStoreSettings(process.env),
      KV_PORT: String(port),
      KV_BIND: '127.0.0.1',
      KV_DATA_DIR: dataDir,
      LOG_FORMAT: 'json',
      ...settings,
    };
    // The last resort: a scenario that crashed this process must leave neither its store running nor the data.
    process.on('exit', () => {
      this.#child?.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    });
    // Without a handler a signal ends the process without its 'exit' event.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [mainFile], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#output = '';
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-keptOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await this.#untilReady(child);
  }

  async restart(): Promise<void> {
    await this.#stop('SIGTERM');
    await this.start();
  }

  async kill(): Promise<void> {
    await this.#stop('SIGKILL');
    await this.start();
  }

  async close(): Promise<void> {
    try {
      await this.#stop('SIGTERM');
    } finally {
      await rm(this.#dataDir, { recursive: true, force: true });
    }
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + readyWithinMs;
    while (!(await answersReady(this.url))) {
      if (hasEnded(child)) throw this.#failure(`ended with ${child.exitCode ?? child.signalCode} before it was ready`);
      if (Date.now() > deadline) {
        await this.#stop('SIGKILL');
        throw this.#failure(`was not ready within ${readyWithinMs} ms`);
      }
      await sleep(25);
    }
  }

  async #stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
    await ended;
    clearTimeout(timer);
    if (signal === 'SIGTERM' && child.exitCode !== 0) {
      throw this.#failure(`ended with ${child.exitCode ?? child.signalCode} after SIGTERM instead of 0`);
    }
  }

  #failure(what: string): Error {
    return new Error(`the embedded store ${what}; its output:\n${this.#output}`);
  }
}

/** Starts the store in one process on a free port, with a data folder of its own. */
export async function startEmbedded(settings: Settings): Promise<Target> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-scenario-'));
  const target = new EmbeddedTarget(await freePort(), dataDir, settings);
  try {
    await target.start();
  } catch (error) {
    await target.close();
    throw error;
  }
  return target;
}

// A developer's own settings must not change what the scenarios see.
function withoutStoreSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // NODE_TEST_CONTEXT would make the child believe that it is a test file.
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(?:KV_|LOG_|NODE_TEST_CONTEXT$|NODE_OPTIONS$)/.test(name)),
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
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
