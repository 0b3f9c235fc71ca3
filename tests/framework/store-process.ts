import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Store } from './store.ts';
import { withoutStoreSettings } from './store-environment.ts';

const mainFile = fileURLToPath(new URL('../../embedded/src/main.ts', import.meta.url));
const readyWithinMs = 20_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Environment = Readonly<Record<string, string>>;

// A test that failed, or crashed this process, must not leave its store running.
const running = new Set<StoreProcess>();
const killAll = () => {
  for (const store of running) store.kill();
};
process.on('exit', killAll);
after(killAll);

/** One process of the embedded store, with all that it wrote. For tests of starting, stopping and dying. */
export class StoreProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Lines of stdout: the log. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #opened = Promise.withResolvers<string | undefined>();
  #errors = '';
  #url: string | undefined;

  constructor(environment: Environment) {
    const child = spawn(process.execPath, [mainFile], {
      env: { ...withoutStoreSettings(process.env), KV_PORT: '0', LOG_FORMAT: 'json', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    this.#lines = createInterface({ input: child.stdout }).on('line', (line) => this.#keep(line));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    void this.exited.then(() => this.#opened.resolve(undefined));
    running.add(this);
    void this.exited.then(() => running.delete(this));
  }

  /** What it wrote to stderr. */
  get errors(): string {
    return this.#errors;
  }

  get output(): string {
    return `${this.log.join('\n')}\n${this.#errors}`;
  }

  /** Where it listens; only after `ready`. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the store has not said where it listens');
    return this.#url;
  }

  /** @throws Error when it ends, or says nothing for 20 s, before it says that it is ready */
  async ready(): Promise<this> {
    const timer = setTimeout(() => this.#opened.resolve(undefined), readyWithinMs);
    this.#url = await this.#opened.promise;
    clearTimeout(timer);
    if (this.#url !== undefined) return this;
    this.kill();
    const { code, signal } = await this.exited;
    throw new Error(`the store did not get ready (${code ?? signal}); its output:\n${this.output}`);
  }

  /** Resolves when a line of the log matches, one that is there already included. */
  logged(pattern: RegExp): Promise<string> {
    const line = this.log.find((each) => pattern.test(each));
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => {
      const listener = (later: string) => {
        if (!pattern.test(later)) return;
        this.#lines.off('line', listener);
        resolve(later);
      };
      this.#lines.on('line', listener);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  /** SIGKILL; resolves when it is gone. */
  async killed(): Promise<void> {
    this.kill();
    await this.exited;
  }

  /** SIGTERM; resolves when it is gone. */
  terminated(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  #keep(line: string): void {
    this.log.push(line);
    // Only the line that says it is ready has one, in either format.
    const url = /\burl"?: ?"(https?:[^"]+)"/.exec(line)?.[1];
    if (url !== undefined) this.#opened.resolve(url);
  }
}

/** Starts a store that must come up. */
export function startStore(dataDir: string, environment: Environment = {}): Promise<StoreProcess> {
  return new StoreProcess({ KV_DATA_DIR: dataDir, ...environment }).ready();
}

/** Starts a store that is expected to end by itself, and waits for that. */
export async function runStore(environment: Environment): Promise<StoreProcess & { readonly exit: Exit }> {
  const store = new StoreProcess(environment);
  const timer = setTimeout(() => store.kill(), readyWithinMs);
  const exit = await store.exited;
  clearTimeout(timer);
  return Object.assign(store, { exit });
}

/** Talks to a process; every answer is checked against the contract. */
export function clientOf(process: StoreProcess): Store {
  const refuse = () => Promise.reject(new Error('this store is restarted by starting another process'));
  const metricsUrls = [`${process.url}/metrics`];
  const close = () => process.killed();
  return new Store({ url: process.url, metricsUrls, canRestart: false, restart: refuse, kill: refuse, close });
}

/** A new folder that is removed after the tests of the file; `release` is called before that. */
export async function temporaryFolder(release: (folder: string) => unknown = () => {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stratakv-test-'));
  after(async () => {
    await release(folder);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}
