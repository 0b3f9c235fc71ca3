import { createWriteStream, type WriteStream } from 'node:fs';

const say = (text: string) => process.stdout.write(text);

/** What a run tells: one line a step on stdout, and everything that programs wrote in a file. */
export class RunLog {
  readonly file: string;
  readonly #stream: WriteStream;
  readonly #failed: string[] = [];
  #passed = 0;

  /** @param file absolute; what an earlier run wrote there is replaced */
  constructor(file: string) {
    this.file = file;
    this.#stream = createWriteStream(file);
  }

  get failed(): number {
    return this.#failed.length;
  }

  /** For the file alone. */
  write(chunk: string | Uint8Array): void {
    this.#stream.write(chunk);
  }

  /**
   * Work that the rest depends on.
   *
   * @throws what `work` throws
   */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.write(`\n===== ${what}\n`);
    say(`${what} …`);
    const startedAt = performance.now();
    try {
      const result = await work();
      say(` ${seconds(startedAt)}\n`);
      return result;
    } catch (error) {
      say(` failed after ${seconds(startedAt)}\n`);
      throw error;
    }
  }

  /** Something that has to hold; the run goes on when it does not. `check` may return a remark for the line. */
  async check(what: string, check: () => Promise<string | undefined>): Promise<void> {
    this.write(`\n===== ${what}\n`);
    const startedAt = performance.now();
    try {
      const remark = await check();
      this.#passed += 1;
      say(`ok      ${what} (${[seconds(startedAt), remark].filter(Boolean).join('; ')})\n`);
    } catch (error) {
      this.#failed.push(what);
      const message = error instanceof Error ? error.message : String(error);
      this.write(`${error instanceof Error ? error.stack : error}\n`);
      say(`FAILED  ${what} (${seconds(startedAt)})\n${message.replace(/^/gm, '        ')}\n`);
    }
  }

  note(text: string): void {
    this.write(`${text}\n`);
    say(`${text}\n`);
  }

  /** The closing lines. */
  summarize(): void {
    for (const what of this.#failed) say(`FAILED  ${what}\n`);
    say(`What the programs wrote: ${this.file}\n${this.#passed} passed, ${this.#failed.length} failed\n`);
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
