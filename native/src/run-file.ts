import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity, signalTree } from './process-tree.ts';
import { writePrivateFile } from './servers/private-file.ts';
import type { Stack, StackMember } from './stack.ts';

/** A process of the stack as others find it. */
export interface RunningProcess {
  readonly name: string;
  readonly kind: string;
  /** Absent while it is down. */
  readonly pid?: number;
  readonly identity?: string;
  readonly port: number;
  readonly metricsUrl?: string;
  readonly logFile: string;
  /** How often it was started again. */
  readonly restarts: number;
}

/** What `run/native.json` in the data folder holds, for ./start.sh, the tests and the benchmarks. */
export interface RunNote {
  /** Of the process that started the others. */
  readonly pid: number;
  readonly identity: string;
  /** Where clients come. */
  readonly origin: string;
  /** Every service has been ready: the start is over. */
  readonly isStarted: boolean;
  readonly processes: readonly RunningProcess[];
}

/** The note about a running stack. It is written anew whenever a process comes or goes. */
export class RunFile {
  readonly #path: string;
  #written = Promise.resolve();
  #isStarted = false;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'run', 'native.json');
  }

  /** Never rejects: a full disk must not end a stack that serves. */
  write(stack: Stack): Promise<void> {
    const text = `${JSON.stringify(noteOf(stack, this.#isStarted), null, 2)}\n`;
    this.#written = this.#written.then(() => writePrivateFile(this.#path, text).catch(() => {}));
    return this.#written;
  }

  /** Says from now on that the start is over. Never rejects. */
  markStarted(stack: Stack): Promise<void> {
    this.#isStarted = true;
    return this.write(stack);
  }

  async remove(): Promise<void> {
    await this.#written;
    rmSync(this.#path, { force: true });
  }

  /**
   * Ends what a former stack may have left. The kernel ends the processes of a stack that was killed; this is for one that
   * died in the moment of starting a process.
   *
   * @returns the names of those that were still there
   */
  async endLeftovers(): Promise<readonly string[]> {
    const left = this.#read().filter(isAlive);
    for (const { pid } of left) if (pid !== undefined) signalTree(pid, 'SIGKILL');
    while (left.some(isAlive)) await sleep(20);
    return left.map(({ name }) => name);
  }

  #read(): readonly RunningProcess[] {
    try {
      const note: RunNote = JSON.parse(readFileSync(this.#path, 'utf8'));
      return note.processes;
    } catch {
      return [];
    }
  }
}

function isAlive({ pid, identity }: RunningProcess): boolean {
  return pid !== undefined && identity !== undefined && processIdentity(pid) === identity;
}

function noteOf(stack: Stack, isStarted: boolean): RunNote {
  return {
    pid: process.pid,
    identity: processIdentity(process.pid) ?? '',
    origin: stack.url,
    isStarted,
    processes: stack.members.map(describe),
  };
}

function describe({ kind, spec, port, metricsUrl, supervisor }: StackMember): RunningProcess {
  const { pid, logFile } = supervisor.process;
  const identity = pid === undefined ? undefined : processIdentity(pid);
  return {
    name: spec.name,
    kind,
    ...(pid === undefined || identity === undefined ? {} : { pid, identity }),
    port,
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
    logFile,
    restarts: supervisor.restarts,
  };
}
