import { type Clock, StrataError } from '@stratakv/core';
import { Thread } from './thread.ts';
import type { WriterJob, WriterOptions, WriterRequest, WriterResult } from './writer-thread.ts';

interface PendingJob {
  readonly job: WriterJob;
  resolve(result: WriterResult): void;
}

/**
 * Hands jobs to the writer thread. While a transaction is being flushed, the jobs that come in gather for the next
 * one, so the more is asked for at once, the fewer flushes each write costs.
 */
export class Writer {
  readonly #thread: Thread;
  readonly #clock: Clock;
  #pending: PendingJob[] = [];
  #isBusy = false;
  #isScheduled = false;

  private constructor(thread: Thread, clock: Clock) {
    this.#thread = thread;
    this.#clock = clock;
  }

  static async start(options: WriterOptions, clock: Clock): Promise<Writer> {
    return new Writer(await Thread.start(new URL('./writer-thread.ts', import.meta.url), options), clock);
  }

  /** Runs a job. Resolves when its transaction is on disk or has failed; never rejects. */
  run(job: WriterJob): Promise<WriterResult> {
    return new Promise((resolve) => {
      this.#pending.push({ job, resolve });
      this.#schedule();
    });
  }

  /** Why nothing can be written any more; undefined while it can. */
  get death(): Error | undefined {
    return this.#thread.death;
  }

  /** Finishes what was handed over, then ends the thread. */
  async close(): Promise<void> {
    while (this.#pending.length > 0 || this.#isBusy) await new Promise((resolve) => setImmediate(resolve));
    await this.#thread.close();
  }

  #schedule(): void {
    if (this.#isBusy || this.#isScheduled || this.#pending.length === 0) return;
    this.#isScheduled = true;
    // After the requests of this turn have been read, so that they travel together.
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const jobs = this.#pending;
    this.#pending = [];
    this.#isBusy = true;
    const results = await this.#results(jobs.map(({ job }) => job));
    this.#isBusy = false;
    jobs.forEach((pending, index) => {
      pending.resolve(results[index] as WriterResult);
    });
    this.#schedule();
  }

  async #results(jobs: readonly WriterJob[]): Promise<readonly WriterResult[]> {
    try {
      const request: WriterRequest = { jobs, nowMs: this.#clock.now() };
      return (await this.#thread.ask(request)) as WriterResult[];
    } catch (cause) {
      const detail = new StrataError('outcome-unknown', 'The database thread died.', { cause }).message;
      return jobs.map(() => ({ failure: { code: 'outcome-unknown', detail } }));
    }
  }
}
