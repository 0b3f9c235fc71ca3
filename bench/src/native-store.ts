import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../native/src/free-port.ts';
import type { RunNote, RunningProcess } from '../../native/src/run-file.ts';

const mainFile = fileURLToPath(new URL('../../native/src/main.ts', import.meta.url));
const readyWithinMs = 90_000;
const stopsWithinMs = 60_000;

/** A native store on a folder of its own and a free port of 127.0.0.1, with the default settings where no others are given. */
export class NativeStore {
  readonly url: string;
  readonly #dataDir: string;
  readonly #child: ChildProcess;
  readonly #killAtExit: () => void;
  #output = '';

  private constructor(dataDir: string, port: number, settings: Readonly<Record<string, string>>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#dataDir = dataDir;
    const { PATH } = process.env;
    // Nobody's settings change what is measured.
    const env = { PATH, HOME: dataDir, KV_DATA_DIR: dataDir, KV_PORT: `${port}`, KV_BIND: '127.0.0.1', ...settings };
    this.#child = spawn(process.execPath, [mainFile], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    // Its processes end with it.
    this.#killAtExit = () => this.#child.kill('SIGKILL');
    process.once('exit', this.#killAtExit);
  }

  /**
   * Starts it without waiting.
   *
   * @param settings environment variables, such as `KV_NATIVE_CONSUMERS`
   */
  static async launch(dataDir: string, settings: Readonly<Record<string, string>> = {}): Promise<NativeStore> {
    return new NativeStore(dataDir, await freePort(), settings);
  }

  /** @throws Error with what it said, when it does not get ready in time */
  async ready(): Promise<void> {
    for (const deadline = Date.now() + readyWithinMs; !/^Ready at /m.test(this.#output); await sleep(50)) {
      if (!this.#hasEnded && Date.now() < deadline) continue;
      throw new Error(`The store did not start. It said:\n${this.#output}`);
    }
  }

  /** @throws Error when one of them is down: what is measured then is something else */
  processes(): readonly (RunningProcess & { readonly pid: number })[] {
    const note: RunNote = JSON.parse(readFileSync(join(this.#dataDir, 'run', 'native.json'), 'utf8'));
    return note.processes.map((each) => {
      const { pid, name, restarts } = each;
      if (pid === undefined || restarts > 0) throw new Error(`${name} died:\n${this.#output}`);
      return { ...each, pid };
    });
  }

  /** A secret of the store, such as `database-url`. */
  secret(name: string): string {
    return readFileSync(join(this.#dataDir, 'secrets', name), 'utf8').trim();
  }

  /** Ends it in its own way; kills it when that takes too long. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      const ended = once(this.#child, 'close');
      const kill = setTimeout(this.#killAtExit, stopsWithinMs);
      this.#child.kill('SIGTERM');
      await ended;
      clearTimeout(kill);
    }
    process.off('exit', this.#killAtExit);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
