import { type LeveledAnswer, type LeveledRead, type Storage, StrataError } from '@stratakv/core';
import type { Admission } from './admission.ts';
import { Hold } from './hold.ts';
import { TurnGatherer } from './turn-gatherer.ts';

/** Called once with the answer to a read, or with what went wrong. */
export type ReadCallback = (error: StrataError | undefined, answer: LeveledAnswer | undefined) => void;

export interface GathererOptions {
  /** Reads in one request to the storage. */
  readonly maxBatchReads: number;
  /** Time for an answer, milliseconds. */
  readonly timeoutMs: number;
  /** How many requests the storage works on at once to its profit, now; undefined: any number. */
  readonly parallelRequests?: (() => number) | undefined;
}

/** How long a request that is not answered holds back those after it, milliseconds. */
const holdMs = 5;

/**
 * Gathers the reads of neighbouring turns of the event loop into one request to the storage. While it works on as many
 * requests as it can to its profit, the next one gathers: what a request costs both sides hardly depends on what is in
 * it.
 */
export class ReadGatherer {
  readonly #storage: Pick<Storage, 'readEach'>;
  readonly #admission: Admission;
  readonly #options: GathererOptions;
  #reads: LeveledRead[] = [];
  #callbacks: ReadCallback[] = [];
  readonly #turns = new TurnGatherer(() => this.#flush());
  /** Requests that hold the next one back. */
  readonly #hold = new Hold(holdMs, () => this.#schedule());

  constructor(storage: Pick<Storage, 'readEach'>, admission: Admission, options: GathererOptions) {
    this.#storage = storage;
    this.#admission = admission;
    this.#options = options;
  }

  /** Reads one entry. @throws StrataError `overloaded`, at once */
  read(read: LeveledRead, callback: ReadCallback): void {
    this.#admission.admitRead();
    if (this.#reads.length >= this.#options.maxBatchReads) this.#flush();
    this.#reads.push(read);
    this.#callbacks.push(callback);
    this.#turns.count();
    this.#schedule();
  }

  /** As `read`, as a promise; rejects with StrataError. */
  readOne(read: LeveledRead): Promise<LeveledAnswer> {
    return new Promise((resolve, reject) => {
      this.read(read, (error, answer) => (answer === undefined ? reject(error) : resolve(answer)));
    });
  }

  #schedule(): void {
    const { parallelRequests } = this.#options;
    if (this.#reads.length === 0) return;
    if (parallelRequests !== undefined && this.#hold.count >= Math.max(1, parallelRequests())) return;
    this.#turns.schedule();
  }

  #flush(): void {
    const reads = this.#reads;
    const callbacks = this.#callbacks;
    if (reads.length === 0) return;
    this.#reads = [];
    this.#callbacks = [];
    const letGo = this.#hold.take();
    this.#storage.readEach(reads, Date.now() + this.#options.timeoutMs).then(
      (answers) => {
        letGo();
        for (let index = 0; index < callbacks.length; index += 1) {
          const answer = answers[index];
          const callback = callbacks[index] as ReadCallback;
          if (answer instanceof Promise) void answer.then((late) => this.#answer(callback, late));
          else this.#answer(callback, answer);
        }
      },
      (cause: unknown) => {
        letGo();
        const error = cause instanceof StrataError ? cause : new StrataError('internal', 'The read failed.', { cause });
        for (const callback of callbacks) this.#fail(callback, error);
      },
    );
  }

  #answer(callback: ReadCallback, answer: LeveledAnswer | undefined): void {
    this.#admission.endRead();
    if (answer === undefined) callback(new StrataError('internal', 'The read got no answer.'), undefined);
    else callback(undefined, answer);
  }

  #fail(callback: ReadCallback, error: StrataError): void {
    this.#admission.endRead();
    callback(error, undefined);
  }
}
