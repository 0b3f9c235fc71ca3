import { type ChildProcess, spawn } from 'node:child_process';
import type { RunLog } from './run-log.ts';

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
  /** Default 10 minutes. */
  readonly withinMs?: number;
  /** Also resolves when the program fails. */
  readonly mayFail?: boolean;
}

/** Runs programs to their end, and keeps what they write in the log. */
export class Commands {
  readonly #log: RunLog;
  readonly #running = new Set<ChildProcess>();

  constructor(log: RunLog) {
    this.#log = log;
  }

  /** Ends the programs that run now; what waits for one gets an error. */
  interrupt(): void {
    for (const child of this.#running) child.kill('SIGTERM');
  }

  /**
   * Resolves to what the program wrote to stdout.
   *
   * @throws Error with the end of what it wrote when it fails, cannot be started, or takes too long
   */
  async run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { env = process.env, cwd, input, withinMs = 600_000, mayFail = false } = options;
    this.#log.write(`$ ${command} ${args.join(' ')}\n`);
    const signal = AbortSignal.timeout(withinMs);
    const child = spawn(command, args, { env, cwd, signal, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#running.add(child);
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [output, all] = [[] as string[], [] as string[]];
    const keep = (chunk: string) => {
      all.push(chunk);
      this.#log.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output.push(chunk);
      keep(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      this.#running.delete(child);
      if (code === 0 || mayFail) resolve(output.join(''));
      else {
        const tail = all.join('').trimEnd().split('\n').slice(-15).join('\n');
        reject(new Error(`${command} ${args.slice(0, 4).join(' ')} ended with ${code ?? killedBy}:\n${tail}`));
      }
    });
    return promise;
  }
}
