import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, launch } from './launch.ts';
import type { ProcessSpec } from './process-spec.ts';
import { signalGroup, signalTree } from './process-tree.ts';

const pollEveryMs = 20;
const tailLines = 20;

export interface ManagedProcessOptions {
  /** Gets what the process writes to stdout and stderr. */
  readonly logFile: string;
}

/** Runs a `ProcessSpec`, again and again if need be. Signals go to the whole tree of processes. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly logFile: string;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> | undefined;
  #logStartsAt = 0;

  constructor(spec: ProcessSpec, { logFile }: ManagedProcessOptions) {
    this.spec = spec;
    this.logFile = logFile;
  }

  get name(): string {
    return this.spec.name;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How the latest run ended; resolves when it does. Never rejects. @throws Error before the first start */
  get exited(): Promise<Exit> {
    if (this.#exited === undefined) throw new Error(`${this.name} was never started`);
    return this.#exited;
  }

  /**
   * Prepares and starts it, and waits until it is ready.
   *
   * @throws Error with the tail of its log when it ends before, or takes too long; it does not run then
   */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    await this.spec.prepare?.();
    this.#spawn();
    const { readyWithinMs = 30_000 } = this.spec;
    const deadline = performance.now() + readyWithinMs;
    while (!(await this.spec.isReady())) {
      if (!this.isRunning) {
        const { code, signal } = await this.exited;
        throw this.#failure(`ended with ${code ?? signal} before it was ready`);
      }
      if (performance.now() > deadline) {
        await this.kill();
        throw this.#failure(`was not ready within ${readyWithinMs / 1000} s`);
      }
      await sleep(pollEveryMs);
    }
  }

  /** Asks it to stop, and kills it when it does not. Resolves when it is gone, at once when it does not run. */
  async stop(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    const { stopSignal = 'SIGTERM', stopWithinMs = 10_000 } = this.spec;
    // A clean stop is the business of the leader, which knows its children.
    process.kill(pid, stopSignal);
    process.kill(pid, 'SIGCONT');
    const timer = setTimeout(() => signalTree(pid, 'SIGKILL'), stopWithinMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.killNow();
    await this.#exited;
  }

  /** SIGKILL without waiting, for handlers of a process's end. */
  killNow(): void {
    if (this.pid !== undefined) signalTree(this.pid, 'SIGKILL');
  }

  /** SIGSTOP: it keeps its memory, connections and ports, and does nothing. */
  freeze(): void {
    if (this.pid !== undefined) signalTree(this.pid, 'SIGSTOP');
  }

  /** SIGCONT. */
  thaw(): void {
    if (this.pid !== undefined) signalTree(this.pid, 'SIGCONT');
  }

  /** The last lines the latest run wrote. */
  logTail(): string {
    const text = readFileSync(this.logFile).subarray(this.#logStartsAt).toString();
    return text.trimEnd().split('\n').slice(-tailLines).join('\n');
  }

  #spawn(): void {
    mkdirSync(dirname(this.logFile), { recursive: true, mode: 0o700 });
    const log = openSync(this.logFile, 'a', 0o600);
    this.#logStartsAt = statSync(this.logFile).size;
    const { command, stopSignal: _, ...options } = this.spec;
    const child = launch(command, { ...options, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        // Workers of a leader that was killed would keep its port.
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        resolve({ code, signal });
      });
      child.once('error', () => resolve({ code: 127, signal: null }));
    });
  }

  #failure(what: string): Error {
    return new Error(`${this.name} ${what}. The end of its log (${this.logFile}):\n${this.logTail()}`);
  }
}
