import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, isThere, type KnownProcess } from '../../../native/src/process-tree.ts';
import type { RunNote, RunningProcess } from '../../../native/src/run-file.ts';
import { readRunNote } from '../../framework/native-target.ts';
import { type Environment, withoutStoreSettings } from '../../framework/store-environment.ts';

const goneWithinMs = 20_000;
const keptOutput = 64 * 1024;

/** A native stack as a process, from whatever build, with its note of what it runs. */
export class StackRun {
  readonly #dataDir: string;
  readonly #child: ChildProcess;
  readonly #kill: () => void;
  #output = '';
  #hasEnded = false;

  /** @param main of the native mode */
  constructor(main: string, dataDir: string, settings: Environment) {
    this.#dataDir = dataDir;
    const child = spawn(process.execPath, [main], {
      env: { ...withoutStoreSettings(process.env), KV_DATA_DIR: dataDir, KV_BIND: '127.0.0.1', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-keptOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('close', () => {
      this.#hasEnded = true;
    });
    this.#kill = () => child.kill('SIGKILL');
    process.on('exit', this.#kill);
  }

  /** The end of what it wrote. */
  get output(): string {
    return this.#output;
  }

  /** @throws Error when it has not written one yet */
  get note(): RunNote {
    return readRunNote(this.#dataDir);
  }

  /** @throws Error when there is none of that name */
  process(name: string): RunningProcess {
    const found = this.note.processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found;
  }

  /** The process and all it has started. @throws Error when it is down */
  family(name: string): readonly KnownProcess[] {
    const { pid } = this.process(name);
    if (pid === undefined) throw new Error(`${name} is down`);
    return familyOf(pid);
  }

  /** Resolves when it says that it is ready. @throws Error with what it wrote when it ends before, or takes too long */
  async ready(withinMs: number): Promise<void> {
    for (const deadline = Date.now() + withinMs; !/^Ready at /m.test(this.#output); await sleep(50)) {
      if (this.#hasEnded || Date.now() > deadline) throw new Error(`the stack is not ready:\n${this.#output}`);
    }
  }

  /** Kills it. The kernel ends what it had started; resolves when all of that is gone. */
  async close(): Promise<void> {
    const { pid } = this.#child;
    const family = pid === undefined ? [] : familyOf(pid);
    this.#kill();
    await allGone(family, goneWithinMs);
    process.off('exit', this.#kill);
  }
}

/** Resolves when none of them is there any more. @throws Error naming those that stay */
export async function allGone(processes: readonly KnownProcess[], withinMs: number): Promise<void> {
  for (const deadline = Date.now() + withinMs; processes.some(isThere); await sleep(20)) {
    const left = processes.filter(isThere).map(({ pid }) => pid);
    if (Date.now() > deadline) throw new Error(`still running: ${left.join(', ')}`);
  }
}
