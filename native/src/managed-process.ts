import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, launch } from './launch.ts';
import type { ProcessSpec } from './process-spec.ts';
import { familyOf, isThere, signalGroup, signalTree } from './process-tree.ts';

const pollEveryMs = 20;
const tailLines = 20;

export interface ManagedProcessOptions {
  /** Gets what the process writes to stdout and stderr. It may be cut while the process runs. */
  readonly logFile: string;
}

/** A process did not get ready. The message holds the end of its log. */
export class ProcessNotReady extends Error {
  override name = 'ProcessNotReady';
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
   * @throws ProcessNotReady when it ends before, or takes too long; it does not run then
   */
  async start(): Promise<void> {
    await this.launch();
    const outcome = await this.untilReady();
    if (outcome === 'late') await this.kill();
    if (outcome !== 'ready') throw this.#failure(outcome, await this.exited);
  }

  /** Prepares and starts it, without waiting. @throws what `prepare` throws; Error when it runs already */
  async launch(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    await this.spec.prepare?.();
    this.#spawn();
  }

  /** Waits until it is ready, has `ended`, or is `late`, and leaves it as it is. */
  async untilReady(): Promise<'ready' | 'ended' | 'late'> {
    const deadline = performance.now() + this.#readyWithinMs;
    while (!(await this.spec.isReady())) {
      if (!this.isRunning) return 'ended';
      if (performance.now() > deadline) return 'late';
      await sleep(pollEveryMs);
    }
    // What answered may be another server, which holds the port that this one wanted.
    return this.isRunning ? 'ready' : 'ended';
  }

  /** Asks it to stop, and kills it when it does not. Resolves when it is gone, at once when it does not run. */
  async stop(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    const { stopSignal = 'SIGTERM', stopWithinMs = 10_000 } = this.spec;
    // A clean stop is the business of the leader, which knows its children.
    process.kill(pid, stopSignal);
    this.thaw();
    const timer = setTimeout(() => signalTree(pid, 'SIGKILL'), stopWithinMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL. Resolves when it is gone, and its children with it: what they held, such as shared memory, is free then. */
  async kill(): Promise<void> {
    const family = this.pid === undefined ? [] : familyOf(this.pid);
    this.killNow();
    await this.#exited;
    while (family.some(isThere)) await sleep(pollEveryMs);
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
    const log = readFileSync(this.logFile);
    // A shorter one was cut since, and holds nothing of former runs.
    const text = log.subarray(log.length < this.#logStartsAt ? 0 : this.#logStartsAt).toString();
    return text.trimEnd().split('\n').slice(-tailLines).join('\n');
  }

  get #readyWithinMs(): number {
    return this.spec.readyWithinMs ?? 30_000;
  }

  #spawn(): void {
    const log = this.#openLog();
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

  #openLog(): number {
    mkdirSync(dirname(this.logFile), { recursive: true, mode: 0o700 });
    this.#logStartsAt = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    // To append: see `cutLogs`.
    return openSync(this.logFile, 'a', 0o600);
  }

  #failure(outcome: 'ended' | 'late', { code, signal }: Exit): ProcessNotReady {
    const what =
      outcome === 'ended'
        ? `ended with ${code ?? signal} before it was ready`
        : `was not ready within ${this.#readyWithinMs / 1000} s`;
    return new ProcessNotReady(`${this.name} ${what}. The end of its log (${this.logFile}):\n${this.logTail()}`);
  }
}
