/** How old the answers were, as told by the stamps in their values. */
export interface FreshnessFigures {
  /** Reads of entries with a write that was known to be applied before the read was sent. */
  readonly checked: number;
  /** Of these, answers with a value from before that write. */
  readonly behind: number;
  /** How long that write had been known to be applied when the oldest of them was asked for, milliseconds. */
  readonly oldestMs: number;
}

/** One write of an entry, in the order in which they were sent. */
export interface StampedWrite {
  readonly index: number;
  readonly sequence: number;
  /** Every write of this entry up to that one had been answered when this one was sent: all of them are older. */
  readonly olderThrough: number;
}

interface EntryHistory {
  next: number;
  /** Sequences that are not answered. */
  readonly open: Set<number>;
  /** The latest write that was answered as applied. */
  applied: { readonly write: StampedWrite; readonly atMs: number } | undefined;
}

/**
 * Remembers what has been written, and tells which reads are behind. A read may show any write that was under way at the
 * same time as the one known to be applied: only what is certainly older counts.
 */
export class FreshnessWatch {
  readonly #entries = new Map<number, EntryHistory>();
  #checked = 0;
  #behind = 0;
  #oldestMs = 0;

  get figures(): FreshnessFigures {
    return { checked: this.#checked, behind: this.#behind, oldestMs: this.#oldestMs };
  }

  /** A write of an entry is about to be sent; its sequence, from 1, goes into the value. */
  begin(index: number): StampedWrite {
    const entry = this.#entries.get(index) ?? { next: 1, open: new Set<number>(), applied: undefined };
    this.#entries.set(index, entry);
    const sequence = entry.next++;
    const olderThrough = Math.min(sequence, ...entry.open) - 1;
    entry.open.add(sequence);
    return { index, sequence, olderThrough };
  }

  /** @param isApplied whether the answer said so, or only that it was accepted */
  end(write: StampedWrite, isApplied: boolean, nowMs: number): void {
    const entry = this.#entries.get(write.index);
    entry?.open.delete(write.sequence);
    if (entry === undefined || !isApplied) return;
    if (entry.applied === undefined || entry.applied.write.sequence < write.sequence)
      entry.applied = { write, atMs: nowMs };
  }

  /** What a read that is sent now must not be older than; undefined when nothing is known. */
  expect(index: number): EntryHistory['applied'] {
    return this.#entries.get(index)?.applied;
  }

  /** @param sequence of the value that was read; 0 when it is from before this load */
  judge(expected: NonNullable<EntryHistory['applied']>, sequence: number, sentAtMs: number): void {
    this.#checked += 1;
    if (sequence > expected.write.olderThrough) return;
    this.#behind += 1;
    this.#oldestMs = Math.max(this.#oldestMs, sentAtMs - expected.atMs);
  }
}
