import { type Delivery, type OperationQueue, StrataError } from '@stratakv/core';
import type { ConsumerSettings } from './consumer-settings.ts';
import { type HeldDelivery, readDelivery, settleMarkers } from './held-delivery.ts';
import type { ConsumerMetrics } from './metrics.ts';
import type { PartitionSession } from './partition-session.ts';

export interface IntakeOptions {
  readonly queue: Pick<OperationQueue, 'deadLetter'>;
  readonly partitionCount: number;
  readonly metrics: ConsumerMetrics;
  readonly settings: ConsumerSettings;
}

/** What is applied together. */
export interface Batch {
  /** In order within each partition; at least one. */
  readonly deliveries: readonly HeldDelivery[];
  /** Whether the operations are to be applied one at a time. */
  readonly isSingly: boolean;
}

/** What waits over all partitions held, bounded in count and bytes, and the next batch of it. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #sessions: PartitionSession[] = [];
  #first = 0;
  #messages = 0;
  #bytes = 0;
  #wake: (() => void) | undefined;
  #isAwake = false;
  #isGathering = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    options.metrics.observeIntake(() => ({
      messages: this.#messages,
      bytes: this.#bytes,
      oldestAt: Math.min(...this.#sessions.map(({ oldestAt }) => oldestAt)),
    }));
  }

  get sessions(): readonly PartitionSession[] {
    return this.#sessions;
  }

  /** Whether there is something to apply now. */
  get hasWork(): boolean {
    return this.#sessions.some((session) => session.peek() !== undefined);
  }

  add(session: PartitionSession): void {
    this.#sessions.push(session);
  }

  remove(session: PartitionSession): void {
    const index = this.#sessions.indexOf(session);
    if (index >= 0) this.#sessions.splice(index, 1);
  }

  /** Takes a message in, unless it is one too many and its partition has others here. */
  admit(delivery: Delivery, session: PartitionSession): HeldDelivery | undefined {
    const { maxWaitingMessages, maxWaitingBytes } = this.#options.settings;
    const isFull = this.#messages >= maxWaitingMessages || this.#bytes >= maxWaitingBytes;
    if (isFull && !session.isIdle) return undefined;
    const { body, tag, isRedelivered } = delivery;
    const content = readDelivery(delivery, this.#options.partitionCount);
    const operations = content.damage === undefined ? content.operations : settleMarkers(content.ids);
    const isReady = content.damage === undefined;
    const isAwaited = operations.some(({ replyTo }) => replyTo !== undefined);
    const held = { session, tag, isRedelivered, bytes: body.byteLength, operations, isAwaited, isReady };
    this.#messages += 1;
    this.#bytes += held.bytes;
    if (content.damage !== undefined) {
      const { damage: reason, ids } = content;
      void this.#setAside(held, { partition: session.partition, body, reason, ids });
    }
    if (!this.#isGathering) this.wake();
    else if (isAwaited || this.isFull) this.wake();
    return held;
  }

  /** Counts a delivery that has left. */
  left(delivery: HeldDelivery): void {
    this.#messages -= 1;
    this.#bytes -= delivery.bytes;
  }

  /**
   * The next batch: in turn, one message of each partition that has any, until the limits are reached. Undefined when
   * nothing can be applied now.
   */
  take(): Batch | undefined {
    const { maxBatchOperations, maxBatchBytes } = this.#options.settings;
    const count = this.#sessions.length;
    const deliveries: HeldDelivery[] = [];
    let operations = 0;
    let bytes = 0;
    let hasMore = count > 0;
    this.#first = (this.#first + 1) % Math.max(1, count);
    while (hasMore) {
      hasMore = false;
      for (let step = 0; step < count; step += 1) {
        const session = this.#sessions[(this.#first + step) % count];
        const head = session?.peek();
        if (session === undefined || head === undefined) continue;
        const isFirst = deliveries.length === 0;
        const isAlone = session.isFragile;
        if (!isFirst && (isAlone || operations + head.operations.length > maxBatchOperations)) continue;
        if (!isFirst && bytes + head.bytes > maxBatchBytes) continue;
        session.shift();
        deliveries.push(head);
        if (isAlone) return { deliveries, isSingly: true };
        operations += head.operations.length;
        bytes += head.bytes;
        hasMore = true;
      }
    }
    return deliveries.length === 0 ? undefined : { deliveries, isSingly: false };
  }

  /** Whether somebody waits for an outcome of what waits here. */
  get isAwaited(): boolean {
    return this.#sessions.some(({ waiting }) => waiting.isAwaited);
  }

  /** Whether a batch would not get larger by waiting. */
  get isFull(): boolean {
    const { maxBatchOperations, maxBatchBytes } = this.#options.settings;
    let [operations, bytes] = [0, 0];
    for (const { waiting } of this.#sessions) {
      operations += waiting.operations;
      bytes += waiting.bytes;
    }
    return operations >= maxBatchOperations || bytes >= maxBatchBytes;
  }

  /**
   * Lets the next batch grow, up to `ms` milliseconds; resolves early when it is full, something comes that somebody
   * waits for, or `wake` is called.
   */
  async gather(ms: number): Promise<void> {
    this.#isAwake = false;
    this.#isGathering = true;
    const timer = setTimeout(() => this.wake(), ms);
    await this.wait();
    clearTimeout(timer);
    this.#isGathering = false;
  }

  /** Resolves when there may be something to do; at once when that was so since the last wait. */
  async wait(): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isAwake = false;
  }

  wake(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  /** A message that cannot be decoded: safe among the dead letters first, then its ids are settled, then the ack. */
  async #setAside(held: HeldDelivery, letter: Parameters<OperationQueue['deadLetter']>[0]): Promise<void> {
    const { queue, metrics } = this.#options;
    try {
      await queue.deadLetter(letter);
      metrics.deadLetters.inc({ reason: 'undecodable' });
      held.isReady = true;
      this.wake();
    } catch (cause) {
      // The partition starts again after a pause; the message comes again with it.
      held.session.end(new StrataError('unavailable', 'The queue does not take a dead letter.', { cause }));
    }
  }
}
