import {
  type Delivery,
  operationCreatedAt,
  type PartitionLease,
  type PartitionSubscription,
  type RaisedFence,
} from '@stratakv/core';
import type { HeldDelivery } from './held-delivery.ts';
import { WaitingDeliveries } from './waiting-deliveries.ts';

/** A partition whose fence was raised this often without a commit in between has killed its consumers. */
const raisesOfAKiller = 3;

export interface SessionOptions {
  readonly partition: number;
  /** The lease it works under at this moment; undefined: none is needed. */
  readonly lease: () => PartitionLease | undefined;
  /** A lease with less time left than this is not worked on, milliseconds. */
  readonly leaseMarginMs: number;
  /** Operations a consumer can have had in its hands when it was killed. */
  readonly window: number;
  /** Takes a message in; undefined when there is no room for it. */
  readonly admit: (delivery: Delivery, session: PartitionSession) => HeldDelivery | undefined;
  /** Called when a delivery has left this consumer, acked or forgotten. */
  readonly onLeft: (delivery: HeldDelivery) => void;
}

/**
 * One subscription to a partition, from its start to its loss: the fence raised for it, what waits, what is being
 * applied. A session that has ended acks nothing any more: the queue delivers again what it had.
 */
export class PartitionSession {
  readonly partition: number;
  readonly ended: Promise<Error | undefined>;
  /** Whether a batch of this session was committed. */
  hasCommitted = false;
  readonly #options: SessionOptions;
  #fence: RaisedFence | undefined;
  readonly #waiting = new WaitingDeliveries();
  readonly #working = new Set<HeldDelivery>();
  readonly #subscribed = Promise.withResolvers<PartitionSubscription>();
  readonly #resolveEnded: (cause: Error | undefined) => void;
  #onIdle: (() => void) | undefined;
  #isOpen = true;
  #isPaused = false;
  #isTruncated = false;
  /** Redelivered operations still to be applied one at a time. */
  #singlyLeft = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.partition = options.partition;
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    // Nobody may be waiting for it when the subscription fails.
    this.#subscribed.promise.catch(() => {});
  }

  /** Whether what it brought may be applied and acked now. */
  get isUsable(): boolean {
    if (!this.#isOpen || this.#fence === undefined) return false;
    const lease = this.#options.lease();
    return lease === undefined || lease.remainingMs() > this.#options.leaseMarginMs;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When the operation was made that waits first: milliseconds since 1970; infinity when none waits. */
  get oldestAt(): number {
    const [working] = this.#working;
    const id = (working ?? this.#waiting.head)?.operations[0]?.id;
    return id === undefined ? Number.POSITIVE_INFINITY : operationCreatedAt(id);
  }

  /** What waits for its turn, as far as it can be told from outside. */
  get waiting(): Pick<WaitingDeliveries, 'operations' | 'bytes' | 'isAwaited'> {
    return this.#waiting;
  }

  get isIdle(): boolean {
    return this.#waiting.head === undefined && this.#working.size === 0;
  }

  /**
   * Whether the operations whose turn it is are to be applied one at a time: batches of them may have killed consumers.
   * What was never delivered before has killed nobody.
   */
  get isFragile(): boolean {
    return this.#singlyLeft > 0 && this.#waiting.head?.isRedelivered === true;
  }

  /** The fence raised for it; undefined: not yet. */
  get fence(): RaisedFence | undefined {
    return this.#fence;
  }

  /** From now on its operations may be applied under this fence. */
  raised(fence: RaisedFence): void {
    this.#fence = fence;
    if (fence.raisesSinceCommit >= raisesOfAKiller) this.#singlyLeft = this.#options.window;
  }

  opened(subscription: PartitionSubscription): void {
    this.#subscribed.resolve(subscription);
  }

  /** Takes a message in. What comes after one there was no room for is left out too: it comes again, in order. */
  receive(delivery: Delivery): void {
    if (!this.#isOpen || this.#isTruncated) return;
    const held = this.#options.admit(delivery, this);
    if (held === undefined) this.#isTruncated = true;
    else this.#waiting.push(held);
  }

  /** The delivery whose turn it is; undefined when there is none that may be applied now. */
  peek(): HeldDelivery | undefined {
    const { head } = this.#waiting;
    return head?.isReady && !this.#isPaused && this.isUsable ? head : undefined;
  }

  /** Hands out what `peek` returned. */
  shift(): void {
    const head = this.#waiting.shift();
    if (head === undefined) return;
    this.#working.add(head);
    // Nothing that comes after a new one was in anybody's hands either.
    this.#singlyLeft = head.isRedelivered ? this.#singlyLeft - head.operations.length : 0;
  }

  /** Acks these deliveries and all before. An ack that fails ends the session. Never rejects. */
  async ack(deliveries: readonly HeldDelivery[]): Promise<void> {
    const last = deliveries.at(-1);
    if (last === undefined || !this.#isOpen) return;
    this.hasCommitted = true;
    try {
      const subscription = await this.#subscribed.promise;
      await subscription.ack(last.tag);
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
    for (const delivery of deliveries) this.#left(delivery);
    if (this.#isTruncated && this.isIdle) this.end(undefined);
  }

  /** Hands out nothing more; resolves when nothing is being applied. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    if (this.#working.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Forgets all it had. `cause` is undefined when nothing went wrong. */
  end(cause: Error | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#subscribed.reject(cause ?? new Error('the session has ended'));
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#options.onLeft(next);
    for (const delivery of this.#working) this.#left(delivery);
    this.#resolveEnded(cause);
  }

  #left(delivery: HeldDelivery): void {
    if (this.#working.delete(delivery)) this.#options.onLeft(delivery);
    if (this.#working.size === 0) this.#onIdle?.();
  }
}
