import {
  decodeReadFrame,
  encodeReadRequest,
  FrameSplitter,
  type LeveledAnswer,
  type LeveledRead,
  type PendingAnswer,
} from '@stratakv/core';

/** A frame holds about 1 MiB of values, or one value. */
const maxFrameBytes = 64 * 1024 * 1024;

/** Reads on their way, over one or more attempts, and the answers there are so far. */
export class ReadBatch {
  readonly #reads: readonly LeveledRead[];
  readonly #answers: (LeveledAnswer | undefined)[];
  readonly #late: (((answer: LeveledAnswer) => void) | undefined)[] = [];
  readonly #begun = Promise.withResolvers<void>();
  #left: number;

  constructor(reads: readonly LeveledRead[]) {
    this.#reads = reads;
    this.#answers = new Array<LeveledAnswer | undefined>(reads.length).fill(undefined);
    this.#left = reads.length;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  /** Reads without an answer. */
  get left(): number {
    return this.#left;
  }

  /** Resolves when a node has begun to answer, or nobody will. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /**
   * Makes the request for all that has no answer yet.
   *
   * @returns the message, and what takes the answer in, chunk by chunk; the latter throws a CodecError
   */
  request(remainingMs: number): { readonly body: Buffer; readonly take: (chunk: Buffer) => void } {
    const asked = this.#answers.flatMap((answer, index) => (answer === undefined ? [index] : []));
    const reads = asked.map((index) => this.#reads[index] as LeveledRead);
    const splitter = new FrameSplitter(maxFrameBytes);
    const take = (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        for (const { index, answer } of decodeReadFrame(frame, asked.length)) this.#settle(asked[index] ?? -1, answer);
        this.#begun.resolve();
      }
    };
    return { body: encodeReadRequest({ reads, remainingMs }), take };
  }

  /** What there is now: an answer, or the promise of one, for each read. */
  pending(): readonly PendingAnswer[] {
    return this.#answers.map(
      (answer, index) =>
        answer ??
        new Promise<LeveledAnswer>((resolve) => {
          this.#late[index] = resolve;
        }),
    );
  }

  /** Gives what has no answer yet this one. */
  settleAll(answer: LeveledAnswer): void {
    for (const index of this.#answers.keys()) this.#settle(index, answer);
    this.#begun.resolve();
  }

  #settle(index: number, answer: LeveledAnswer): void {
    if (index < 0 || this.#answers[index] !== undefined) return;
    this.#answers[index] = answer;
    this.#left -= 1;
    this.#late[index]?.(answer);
  }
}
