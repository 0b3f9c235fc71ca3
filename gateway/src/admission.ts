import { StrataError } from '@stratakv/core';

export interface AdmissionLimits {
  readonly maxWrites: number;
  readonly maxWriteBytes: number;
  readonly maxReads: number;
}

/** What a gateway takes on at once. Beyond it requests are refused at once, which costs little, instead of late. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #writes = 0;
  #writeBytes = 0;
  #reads = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a write on, until it is confirmed.
   *
   * @returns the function that gives the room back; it does so once
   * @throws StrataError `overloaded`
   */
  admitWrite(bytes: number): () => void {
    const { maxWrites, maxWriteBytes } = this.#limits;
    // One alone is always taken: a value larger than the bound would otherwise be told to come back for ever.
    const hasRoom = this.#writes === 0 || this.#writeBytes + bytes <= maxWriteBytes;
    if (this.#writes >= maxWrites || !hasRoom) {
      throw overloaded('Too many writes are under way.');
    }
    this.#writes += 1;
    this.#writeBytes += bytes;
    let isEnded = false;
    return () => {
      if (isEnded) return;
      isEnded = true;
      this.#writes -= 1;
      this.#writeBytes -= bytes;
    };
  }

  /** Takes a read on. @throws StrataError `overloaded` */
  admitRead(): void {
    if (this.#reads >= this.#limits.maxReads) throw overloaded('Too many reads are under way.');
    this.#reads += 1;
  }

  endRead(): void {
    this.#reads -= 1;
  }

  get load(): { writes: number; writeBytes: number; reads: number } {
    return { writes: this.#writes, writeBytes: this.#writeBytes, reads: this.#reads };
  }
}

function overloaded(detail: string): StrataError {
  return new StrataError('overloaded', detail, { extensions: { retryAfterSeconds: 1 } });
}
