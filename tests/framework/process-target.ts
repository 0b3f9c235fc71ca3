import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../native/src/free-port.ts';
import { type Environment, withoutStoreSettings } from './store-environment.ts';
import type { Target } from './target.ts';

const keptOutput = 16 * 1024;
/** How late it may be told that a process was ended from outside, milliseconds. */
const endToldMs = 50;

/** A mode of the store that is started by one program. */
export interface ProcessMode {
  /** Relative to the repository's folder. */
  readonly main: string;
  readonly readyWithinMs: number;
  readonly stoppedWithinMs: number;
  /** Addresses of the metrics pages of a store that runs at `url` on this data. */
  metricsUrls(url: string, dataDir: string): readonly string[];
  /** Resolves when all that a killed store had started is gone. */
  untilGone(dataDir: string): Promise<void>;
}

/** The store as a program with its own port and data folder. */
export class ProcessTarget implements Target {
  readonly url: string;
  readonly canRestart = true;
  readonly #mode: ProcessMode;
  readonly #environment: Environment;
  readonly dataDir: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(mode: ProcessMode, port: number, dataDir: string, settings: Environment) {
    this.#mode = mode;
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir;
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
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
    });
    // Without a handler a signal ends the process without its 'exit' event.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }

  get metricsUrls(): readonly string[] {
    return this.#mode.metricsUrls(this.url, this.dataDir);
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`../../${this.#mode.main}`, import.meta.url))], {
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
      await rm(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
    }
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { readyWithinMs } = this.#mode;
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
    // That it was ended from outside a moment ago may not be told yet.
    await Promise.race([ended, sleep(endToldMs)]);
    if (hasEnded(child)) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#mode.stoppedWithinMs);
    await ended;
    clearTimeout(timer);
    await this.#mode.untilGone(this.dataDir);
    if (signal === 'SIGTERM' && child.exitCode !== 0) {
      throw this.#failure(`ended with ${child.exitCode ?? child.signalCode} after SIGTERM instead of 0`);
    }
  }

  #failure(what: string): Error {
    return new Error(`the store (${this.#mode.main}) ${what}; its output:\n${this.#output}`);
  }
}

/** Starts the store on a free port, with a data folder of its own. */
export async function startProcess(mode: ProcessMode, settings: Environment): Promise<ProcessTarget> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-scenario-'));
  const target = new ProcessTarget(mode, await freePort(), dataDir, settings);
  try {
    await target.start();
  } catch (error) {
    await target.close();
    throw error;
  }
  return target;
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
