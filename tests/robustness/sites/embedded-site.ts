import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../native/src/free-port.ts';
import { withoutStoreSettings } from '../../framework/store-environment.ts';
import { Build } from '../builds/build.ts';
import { Failpoints } from '../failpoints/failpoints.ts';
import { failpointPatches } from '../failpoints/places.ts';
import type { OperationsLog } from '../history/final-state.ts';
import type { Mutation } from '../mutations/mutation.ts';
import type { Site } from './site.ts';
import { readDeadLetters, readSqliteLog } from './sqlite-log.ts';

const keptOutput = 16 * 1024;
const readyWithinMs = 30_000;

/** So short that the traffic sees it pass while the store is frozen. */
const settings = { KV_CONFIRM_TIMEOUT: '1s', LOG_LEVEL: 'warn', LOG_FORMAT: 'json' };

/** The embedded store: one process, which is started again whenever it was killed. */
export class EmbeddedSite implements Site {
  readonly mode = 'embedded';
  readonly url: string;
  readonly processes = ['embedded'];
  readonly failpoints: Failpoints;
  readonly #build: Build;
  readonly #port: number;
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'stratakv-robustness-'));
  #child: ChildProcess | undefined;
  #output = '';
  #isClosing = false;
  /** How a process ended that nobody killed. */
  #mishap: string | undefined;

  private constructor(build: Build, failpoints: Failpoints, port: number) {
    this.#build = build;
    this.failpoints = failpoints;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    process.on('exit', this.#remove);
  }

  /** Resolves when the store is ready. */
  static async start(mutation?: Mutation): Promise<EmbeddedSite> {
    const failpoints = new Failpoints();
    const patches = [...failpointPatches(failpoints.folder), ...(mutation?.patches ?? [])];
    const site = new EmbeddedSite(await Build.make(patches), failpoints, await freePort());
    site.#spawn();
    try {
      await site.isWell(readyWithinMs);
      return site;
    } catch (error) {
      await site.close().catch(() => {});
      throw error;
    }
  }

  async kill(_process = 'embedded'): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  freeze(_process = 'embedded'): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(_process = 'embedded'): void {
    this.#child?.kill('SIGCONT');
  }

  async isWell(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      if (this.#mishap !== undefined) throw new Error(this.#mishap);
      if (await this.#isReady()) return;
      if (Date.now() > deadline)
        throw new Error(`the store is not ready after ${withinMs} ms; it wrote:\n${this.#output}`);
      await sleep(20);
    }
  }

  async operationsLog(): Promise<OperationsLog> {
    return readSqliteLog(this.#database);
  }

  async deadLetters(): Promise<number> {
    return readDeadLetters(this.#database);
  }

  /** @throws Error when a process had ended by itself, or does not end at SIGTERM as it should */
  async close(): Promise<void> {
    this.#isClosing = true;
    const child = this.#child;
    if (child !== undefined && !hasEnded(child)) {
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
      if (child.exitCode !== 0) this.#mishap ??= this.#describeEnd(child);
    }
    process.off('exit', this.#remove);
    this.#build.close();
    this.failpoints.close();
    await rm(this.#dataDir, { recursive: true, force: true, maxRetries: 10 });
    if (this.#mishap !== undefined) throw new Error(this.#mishap);
  }

  get #database(): string {
    return join(this.#dataDir, 'stratakv.db');
  }

  #spawn(): void {
    const child = spawn(process.execPath, [this.#build.file('embedded/src/main.ts')], {
      env: {
        ...withoutStoreSettings(process.env),
        ...settings,
        KV_PORT: String(this.#port),
        KV_DATA_DIR: this.#dataDir,
        // It starts again and again.
        NODE_COMPILE_CACHE: this.#build.file('.compile-cache'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-keptOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', (_code, signal) => {
      if (this.#isClosing) return;
      if (signal === 'SIGKILL') this.#spawn();
      else this.#mishap = this.#describeEnd(child);
    });
  }

  #describeEnd({ exitCode, signalCode }: ChildProcess): string {
    return `the store ended with ${exitCode ?? signalCode}, which nobody had asked for; it wrote:\n${this.#output}`;
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  /** The last resort: a run that dies leaves neither its store running nor the data. */
  readonly #remove = (): void => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 5 });
    this.failpoints.close();
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
