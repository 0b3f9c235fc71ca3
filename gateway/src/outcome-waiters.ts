import type { OperationId, OperationRecord, OutcomeFeed } from '@stratakv/core';

/** Who waits, in this gateway, for the outcome of which operation. */
export class OutcomeWaiters {
  readonly #waiters = new Map<OperationId, Set<(record: OperationRecord | undefined) => void>>();
  #isClosed = false;
  /** Where consumers send outcomes to; goes into each operation somebody waits for. */
  readonly replyTo: string;

  private constructor(replyTo: string) {
    this.replyTo = replyTo;
  }

  static async listen(feed: OutcomeFeed): Promise<OutcomeWaiters> {
    let waiters: OutcomeWaiters | undefined;
    const replyTo = await feed.listen((record) => {
      if (waiters !== undefined) waiters.#settle(record);
    });
    waiters = new OutcomeWaiters(replyTo);
    return waiters;
  }

  /**
   * Waits for an outcome. To be called before the operation is published.
   *
   * @returns `outcome`: undefined when none came within `timeoutMs` or the wait was ended; `end` stops waiting
   */
  wait(id: OperationId, timeoutMs: number): { outcome: Promise<OperationRecord | undefined>; end: () => void } {
    const { promise, resolve } = Promise.withResolvers<OperationRecord | undefined>();
    const timer = setTimeout(() => settle(undefined), timeoutMs);
    const waiting = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiting);
    const settle = (record: OperationRecord | undefined) => {
      if (!waiting.delete(settle)) return;
      clearTimeout(timer);
      if (waiting.size === 0) this.#waiters.delete(id);
      resolve(record);
    };
    waiting.add(settle);
    if (this.#isClosed) settle(undefined);
    return { outcome: promise, end: () => settle(undefined) };
  }

  /** Ends every wait, those to come too: what is queued is answered as queued before the connections close. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiters.values()) for (const settle of [...waiting]) settle(undefined);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get size(): number {
    return this.#waiters.size;
  }

  #settle(record: OperationRecord): void {
    for (const settle of this.#waiters.get(record.id) ?? []) settle(record);
  }
}
