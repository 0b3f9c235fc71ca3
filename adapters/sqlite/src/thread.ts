import { Worker } from 'node:worker_threads';
import { StrataError } from '@stratakv/core';
import type { Failure } from './failure.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A worker thread that answers messages in the order they were sent. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #onDeath: (error: Error) => void;
  #death: Error | undefined;
  #isClosing = false;

  private constructor(worker: Worker, onDeath: (error: Error) => void) {
    this.#worker = worker;
    this.#onDeath = onDeath;
    worker.on('message', (answer) => this.#waiting.shift()?.resolve(answer));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', (code) => this.#die(new Error(`the database thread ended with code ${code}`)));
  }

  /**
   * Starts a thread; resolves when it has opened its database.
   *
   * @param file URL of the module the thread runs; `data` is its `workerData`
   * @param onDeath told when it ends without being asked to
   * @throws what the module throws while it starts
   */
  static async start(file: URL, data: unknown, onDeath: (error: Error) => void): Promise<Thread> {
    // Not with the flags of whoever uses the store as a library: some, such as --input-type, do not fit a file.
    const thread = new Thread(new Worker(file, { workerData: data, execArgv: [] }), onDeath);
    await new Promise((resolve, reject) => thread.#waiting.push({ resolve, reject }));
    return thread;
  }

  /** Sends a message; resolves with its answer. Rejects when the thread has died, maybe after doing as asked. */
  ask(message: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      // First what may throw: who waits for no answer must not get the next one's.
      this.#worker.postMessage(message, transfer);
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Why the thread no longer answers; undefined while it does. */
  get death(): Error | undefined {
    return this.#death;
  }

  /** Lets the thread finish what it was sent, close its database and end. */
  async close(): Promise<void> {
    if (this.#isClosing || this.#death !== undefined) return;
    this.#isClosing = true;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await ended;
  }

  #die(error: Error): void {
    if (this.#death === undefined) {
      this.#death = error;
      if (!this.#isClosing) this.#onDeath(error);
    }
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#death);
  }
}

/** The error a failure in a thread stands for; `refused` is left to who knows what was refused. */
export function errorOf({ code, detail }: Failure): StrataError {
  if (code !== 'refused' && code !== 'internal') return new StrataError(code, detail);
  // Clients are told the detail of an error, and this one was not written for them.
  return new StrataError('internal', 'The database failed in a way nobody foresaw.', { cause: new Error(detail) });
}
