import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

export interface ShellOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a command wrote to stdout and to stderr, and its exit code. */
export interface ShellAnswer {
  readonly out: string;
  readonly errors: string;
  readonly code: number;
}

/** One `sh` that runs commands one after the other, so that what one sets is there for the next. */
export class ShellSession {
  readonly #shell: ChildProcess;
  #out = '';
  #errors = '';
  #onOutput = () => {};

  constructor({ folder, env }: ShellOptions) {
    this.#shell = spawn('sh', [], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#shell.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#out += chunk;
      this.#onOutput();
    });
    this.#shell.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors += chunk;
    });
    this.#shell.once('close', () => this.#onOutput());
  }

  /** @throws Error when the command takes longer than `withinMs`, or ends the shell */
  async run(command: string, withinMs: number): Promise<ShellAnswer> {
    this.#out = '';
    this.#errors = '';
    const mark = randomUUID();
    const timer = setTimeout(() => this.close(), withinMs);
    this.#shell.stdin?.write(`{ ${command}\n} </dev/null; printf '${mark} %s\\n' $?\n`);
    try {
      const end = new RegExp(`${mark} (\\d+)\n$`);
      for (;;) {
        const code = end.exec(this.#out)?.[1];
        if (code !== undefined) return { out: this.#out.replace(end, ''), errors: this.#errors, code: Number(code) };
        if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) {
          throw new Error(`not done within ${withinMs / 1000} s: ${command}\n${this.#out}${this.#errors}`);
        }
        await new Promise<void>((resolve) => {
          this.#onOutput = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#shell.kill('SIGKILL');
  }
}
