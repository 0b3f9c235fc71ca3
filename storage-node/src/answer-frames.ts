import { setImmediate } from 'node:timers/promises';
import { encodeReadFrame, type IndexedAnswer, type LeveledAnswer, type PendingAnswer } from '@stratakv/core';

/** Bytes of values in one stream, unless it has one answer. The reads beyond are left out: the gateway asks again. */
const maxAnswerBytes = 64 * 1024 * 1024;
/** About how many bytes of values one frame holds, so that a large batch is on its way before all of it is encoded. */
const frameBytes = 1024 * 1024;

/** The answers to a batch of reads, as frames in the order they get ready. */
export class AnswerFrames {
  #ready: IndexedAnswer[] = [];
  #late = 0;
  #bytes = 0;
  #onReady: () => void = () => {};

  constructor(pending: readonly PendingAnswer[]) {
    for (const [index, answer] of pending.entries()) {
      if (!(answer instanceof Promise)) {
        this.#add(index, answer);
        continue;
      }
      this.#late += 1;
      void answer.then((late) => this.#arrived(index, late));
    }
  }

  /** Whether nothing is waited for. */
  get isComplete(): boolean {
    return this.#late === 0;
  }

  /** All that is ready, as one frame. */
  first(): Buffer {
    return encodeReadFrame(this.#take());
  }

  /** All answers. The first frame comes at once, empty or not: it tells the gateway that this node is alive. */
  async *all(): AsyncGenerator<Buffer> {
    yield* framesOf(this.#take(), true);
    while (this.#late > 0 || this.#ready.length > 0) {
      if (this.#ready.length === 0) await this.#arrival();
      yield* framesOf(this.#take(), false);
    }
  }

  #arrived(index: number, answer: LeveledAnswer): void {
    this.#late -= 1;
    this.#add(index, answer);
    this.#onReady();
  }

  async #arrival(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onReady = resolve;
    });
    // What one read of the database brings is ready within one turn of the event loop.
    await setImmediate();
  }

  #take(): IndexedAnswer[] {
    const taken = this.#ready;
    this.#ready = [];
    return taken;
  }

  #add(index: number, answer: LeveledAnswer): void {
    const bytes = valueBytes(answer);
    if (this.#bytes > 0 && this.#bytes + bytes > maxAnswerBytes) return;
    this.#bytes += bytes;
    this.#ready.push({ index, answer });
  }
}

function* framesOf(answers: readonly IndexedAnswer[], atLeastOne: boolean): Generator<Buffer> {
  let frame: IndexedAnswer[] = [];
  let bytes = 0;
  for (const each of answers) {
    const size = valueBytes(each.answer);
    if (frame.length > 0 && bytes + size > frameBytes) {
      yield encodeReadFrame(frame);
      frame = [];
      bytes = 0;
    }
    frame.push(each);
    bytes += size;
  }
  if (frame.length > 0 || atLeastOne) yield encodeReadFrame(frame);
}

function valueBytes(answer: LeveledAnswer): number {
  return answer.kind === 'found' ? (answer.entry?.value.byteLength ?? 0) : 0;
}
