import type { Clock } from '@stratakv/core';
import type { DamageWatch } from './damage-watch.ts';
import { Thread } from './thread.ts';
import type { WriterRequest, WriterResult } from './transaction.ts';
import type { WriterJob } from './writer-job.ts';
import type { WriterOptions } from './writer-thread.ts';

interface PendingJob {
  readonly job: WriterJob;
  resolve(result: WriterResult): void;
}

/** Bodies in one transaction, unless a single one is larger: what comes later must not wait for a long flush. */
const maxTransactionBytes = 8 * 1024 * 1024;

/**
 * Hands jobs to the writer thread. While a transaction is being flushed, the jobs that come in gather for the next
 * one, so the more is asked for at once, the fewer flushes each write costs.
 */
export class Writer {
  readonly #thread: Thread;
  readonly #clock: Clock;
  readonly #damage: DamageWatch;
  #pending: PendingJob[] = [];
  #isScheduled = false;
  /** Ends when nothing is left to do. */
  #working: Promise<void> | undefined;

  private constructor(thread: Thread, clock: Clock, damage: DamageWatch) {
    this.#thread = thread;
    this.#clock = clock;
    this.#damage = damage;
  }

  static async start(options: WriterOptions, clock: Clock, damage: DamageWatch): Promise<Writer> {
    const file = new URL('./writer-thread.ts', import.meta.url);
    return new Writer(await Thread.start(file, options, (error) => damage.noteDeath(error)), clock, damage);
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
    this.#start();
    await this.#working;
    await this.#thread.close();
  }

  #schedule(): void {
    if (this.#working !== undefined || this.#isScheduled) return;
    this.#isScheduled = true;
    // After the requests of this turn have been read, so that they travel together.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#pending.length === 0) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      this.#start();
    });
  }

  async #work(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#nextBatch();
      const results = await this.#results(batch.map(({ job }) => job));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as WriterResult);
      // What the results set off comes first, so that it can be part of the next transaction.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #nextBatch(): PendingJob[] {
    let bytes = 0;
    let count = 0;
    for (const { job } of this.#pending) {
      bytes += 'body' in job ? job.body.length : 0;
      if (count > 0 && bytes > maxTransactionBytes) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #results(jobs: readonly WriterJob[]): Promise<readonly WriterResult[]> {
    if (this.#thread.death !== undefined) return failed(jobs, 'unavailable');
    try {
      const request: WriterRequest = { jobs, nowMs: this.#clock.now() };
      // What is applied was encoded for the thread alone, and need not be copied to it.
      const given = jobs.flatMap((job) => (job.kind === 'apply' ? [job.body.buffer] : []));
      const results = (await this.#thread.ask(request, given)) as WriterResult[];
      for (const result of results) if ('failure' in result) this.#damage.note(result.failure);
      return results;
    } catch {
      return failed(jobs, 'outcome-unknown');
    }
  }
}

function failed(jobs: readonly WriterJob[], code: 'unavailable' | 'outcome-unknown'): WriterResult[] {
  return jobs.map(() => ({ failure: { code, detail: 'The database thread has died.' } }));
}
