import {
  type Clock,
  type OperationId,
  type OperationIdParts,
  type OperationRecord,
  type Storage,
  StrataError,
} from '@stratakv/core';
import type { OutcomeWaiters } from './outcome-waiters.ts';
import type { WritePublisher } from './write-publisher.ts';

export interface OperationLogDeps {
  readonly storage: Pick<Storage, 'operations'>;
  readonly waiters: OutcomeWaiters;
  readonly publisher: WritePublisher;
  readonly clock: Clock;
  /** How long outcomes are remembered, milliseconds. */
  readonly retentionMs: number;
  /** After this, an attempt without an outcome is settled by a marker, milliseconds. */
  readonly settleAfterMs: number;
}

/** What is known of an operation: its row, or that it has none yet, or that the row is gone. */
export type KnownOperation = OperationRecord | 'queued' | 'gone';

const firstPollMs = 5;
const slowestPollMs = 500;
const maxRecentlyAsked = 10_000;

/** Finds out what became of operations, this gateway's and others'. */
export class OperationLog {
  readonly #deps: OperationLogDeps;
  /** Ids a marker was queued for lately, so that asking often queues one. */
  readonly #asked = new Map<OperationId, number>();

  constructor(deps: OperationLogDeps) {
    this.#deps = deps;
  }

  /**
   * What became of an operation, waiting up to `waitMs` for its outcome. An attempt that should long have been
   * confirmed gets a settle marker queued behind it, so that it ends in an outcome whatever happened to it.
   *
   * @throws StrataError `unavailable` when the log cannot be read
   */
  async find(parts: OperationIdParts, waitMs: number): Promise<KnownOperation> {
    const { clock, waiters } = this.#deps;
    const deadline = clock.now() + waitMs;
    const waiter = waitMs > 0 ? waiters.wait(parts.id, waitMs) : undefined;
    try {
      for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, slowestPollMs)) {
        const known = await this.#look(parts);
        const remainingMs = deadline - clock.now();
        if (known !== 'queued' || waiter === undefined || remainingMs <= 0 || waiters.isClosed) return known;
        const told = await Promise.race([waiter.outcome, clock.sleep(Math.min(pollMs, remainingMs))]);
        if (told !== undefined) return told;
      }
    } finally {
      waiter?.end();
    }
  }

  async #look(parts: OperationIdParts): Promise<KnownOperation> {
    const { storage, clock, retentionMs, settleAfterMs } = this.#deps;
    const [record] = await storage.operations([parts.id]);
    if (record !== undefined) return record;
    const ageMs = clock.now() - parts.createdAt;
    if (ageMs > retentionMs) return 'gone';
    if (ageMs > settleAfterMs) this.#settle(parts);
    return 'queued';
  }

  #settle({ id, partition }: OperationIdParts): void {
    const { publisher, waiters, clock, settleAfterMs } = this.#deps;
    const now = clock.now();
    for (const [asked, at] of this.#asked) {
      if (at > now - settleAfterMs && this.#asked.size < maxRecentlyAsked) break;
      this.#asked.delete(asked);
    }
    if (this.#asked.has(id)) return;
    this.#asked.set(id, now);
    const marker = { action: 'settle', id, code: 'not-accepted', replyTo: waiters.replyTo } as const;
    // A marker that cannot be queued now is queued when somebody asks again.
    publisher.publish(partition, marker).catch(() => this.#asked.delete(id));
  }
}

/** The error for an operation that has left the log. */
export function operationGone(id: OperationId): StrataError {
  return new StrataError('operation-gone', `The outcome of ${id} is no longer kept.`);
}
