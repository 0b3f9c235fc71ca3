import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../native/src/free-port.ts';
import { descendantsOf, processIdentity, signalTree } from '../../native/src/process-tree.ts';
import { isAlive, type NativeProcess, readRunNote } from './native-target.ts';
import { Store } from './store.ts';
import { type Environment, withoutStoreSettings } from './store-environment.ts';
import type { Exit } from './store-process.ts';

const mainFile = fileURLToPath(new URL('../../native/src/main.ts', import.meta.url));
const readyWithinMs = 120_000;

/** A data folder that is removed after the tests of the file. */
export function nativeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-native-test-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** A process that is told from a later one with the same number. */
export interface Descendant {
  readonly pid: number;
  readonly identity: string | undefined;
}

/** Resolves when none of the processes is there any more. @throws Error naming those that stay */
export async function allGone(processes: readonly Descendant[], withinMs = 10_000): Promise<void> {
  const isThere = ({ pid, identity }: Descendant) => identity !== undefined && processIdentity(pid) === identity;
  for (const deadline = Date.now() + withinMs; processes.some(isThere); await sleep(20)) {
    const left = processes.filter(isThere).map(({ pid }) => pid);
    if (Date.now() > deadline) throw new Error(`still running: ${left.join(', ')}`);
  }
}

/** The native mode with a handle on each of its processes. For tests of what happens when one dies or stands still. */
export class NativeStack {
  readonly dataDir: string;
  readonly url: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = '';
  #hasEnded = false;

  /** Starts it without waiting. It is killed after the tests of the file. */
  constructor(dataDir: string, port: number, settings: Environment = {}) {
    this.dataDir = dataDir;
    this.url = `http://127.0.0.1:${port}`;
    const own = { KV_DATA_DIR: dataDir, KV_PORT: `${port}`, KV_BIND: '127.0.0.1' };
    this.#child = spawn(process.execPath, [mainFile], {
      env: { ...withoutStoreSettings(process.env), ...own, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })));
    void this.exited.then(() => {
      this.#hasEnded = true;
    });
    const kill = () => this.#child.kill('SIGKILL');
    process.on('exit', kill);
    after(async () => {
      kill();
      await this.exited;
      process.off('exit', kill);
    });
  }

  /** Starts a stack that must come up, on a free port and, unless told, a folder of its own. */
  static async start(settings: Environment = {}, dataDir = nativeFolder()): Promise<NativeStack> {
    const stack = new NativeStack(dataDir, await freePort(), settings);
    await stack.says(/^Ready at /m, readyWithinMs);
    return stack;
  }

  /** What it wrote so far. */
  get output(): string {
    return this.#output;
  }

  get processes(): readonly NativeProcess[] {
    return readRunNote(this.dataDir).processes;
  }

  /** Every process it has started, children of servers included. */
  get descendants(): readonly Descendant[] {
    const { pid } = this.#child;
    return pid === undefined ? [] : descendantsOf(pid).map((each) => ({ pid: each, identity: processIdentity(each) }));
  }

  /** @throws Error when there is none of that name */
  process(name: string): NativeProcess {
    const found = this.processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no process ${name} among ${this.processes.map((each) => each.name)}`);
    return found;
  }

  /** Talks to the store through nginx; every answer is checked against the contract. */
  client(): Store {
    const refuse = () => Promise.reject(new Error('a native stack is restarted by starting another one'));
    const close = () => Promise.resolve();
    return new Store({ url: this.url, metricsUrls: [], canRestart: false, restart: refuse, kill: refuse, close });
  }

  /** Resolves when its output matches. @throws Error with the output when it ends before, or when the time is over */
  async says(pattern: RegExp, withinMs = 30_000): Promise<void> {
    for (const deadline = Date.now() + withinMs; !pattern.test(this.#output); await sleep(20)) {
      const isLate = Date.now() > deadline;
      if (isLate || this.#hasEnded) throw new Error(`it did not say ${pattern}; its output:\n${this.#output}`);
    }
  }

  /** SIGKILL to the process alone, as from outside. What it leaves behind is for the stack to clean up. */
  kill(name: string): void {
    process.kill(this.#pidOf(name), 'SIGKILL');
  }

  /** Asks it to end in its own way. */
  terminate(name: string): void {
    // At SIGTERM PostgreSQL waits until its last client has left ("smart shutdown").
    process.kill(this.#pidOf(name), this.process(name).kind === 'postgres' ? 'SIGINT' : 'SIGTERM');
  }

  /** SIGSTOP to the process and all its children: it keeps its ports and connections, and does nothing. */
  freeze(name: string): void {
    signalTree(this.#pidOf(name), 'SIGSTOP');
  }

  thaw(name: string): void {
    signalTree(this.#pidOf(name), 'SIGCONT');
  }

  /** Resolves when the process was started again and is ready. @param before what `process(name)` was */
  async isBack(before: NativeProcess, withinMs = 30_000): Promise<NativeProcess> {
    for (const deadline = Date.now() + withinMs; ; await sleep(20)) {
      const now = this.process(before.name);
      if (now.restarts > before.restarts && isAlive(now)) return now;
      if (Date.now() > deadline) throw new Error(`${before.name} is not back; the stack said:\n${this.#output}`);
    }
  }

  /** A signal to the process that started all others. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #pidOf(name: string): number {
    const { pid } = this.process(name);
    if (pid === undefined) throw new Error(`${name} is down`);
    return pid;
  }
}
