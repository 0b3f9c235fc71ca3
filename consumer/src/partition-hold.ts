import type { Clock, EntryStore, OperationQueue, PartitionLease, PartitionSubscription } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import { backoffMs } from './backoff.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { Intake } from './intake.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { PartitionSession } from './partition-session.ts';

export interface PartitionHoldOptions {
  readonly queue: OperationQueue;
  readonly store: EntryStore;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ConsumerMetrics;
  readonly settings: ConsumerSettings;
}

/**
 * Serves one partition until it is closed: raises the fence, subscribes, and does both again, after a pause, whenever
 * the subscription is lost or the fence was refused.
 *
 * With a lease the fence is raised before subscribing. Without one, every consumer subscribes and the broker picks one:
 * only the first delivery says who, so only then the fence is raised. Raised sooner, each consumer would void the fence
 * of the one that was picked.
 */
export class PartitionHold {
  readonly partition: number;
  /** Kept while the lock service is gone, to be renewed when it is back. */
  lease: PartitionLease | undefined;
  /** Whether it goes on without a lease, because the lock service is gone. */
  isShared: boolean;
  readonly #options: PartitionHoldOptions;
  readonly #closing = new AbortController();
  readonly #served: Promise<void>;
  #session: PartitionSession | undefined;
  #raising: Promise<void> = Promise.resolve();

  /** @param lease undefined: shared with all consumers, the broker picks one */
  constructor(partition: number, lease: PartitionLease | undefined, options: PartitionHoldOptions) {
    this.partition = partition;
    this.lease = lease;
    this.isShared = lease === undefined;
    this.#options = options;
    this.#served = this.#serve();
  }

  /** Whether it has the partition's work now, as far as it knows. */
  get isActive(): boolean {
    return this.#session?.fence !== undefined;
  }

  /** Serves it under a lease from now on. What it works on goes on without a break. */
  leased(lease: PartitionLease): void {
    this.lease = lease;
    this.isShared = false;
    // Another one may have it at the broker, without a lease. Beginning anew raises the fence over that one.
    if (!this.isActive) this.#session?.end(undefined);
  }

  /** Gives the partition up: finishes the batch in flight if that is soon, closes the channel, releases the lease. */
  async close(): Promise<void> {
    const { logger, settings } = this.#options;
    if (this.#session !== undefined) await this.#within(settings.handOverMs, this.#session.pause());
    await this.abandon();
    try {
      await this.lease?.release();
    } catch (error) {
      logger.warn({ err: error, partition: this.partition }, 'a lease was not released and will run out');
    }
  }

  /** Stops at once: what is in flight is not acked and comes again, to whoever has the partition then. */
  async abandon(): Promise<void> {
    this.#closing.abort();
    this.#session?.end(undefined);
    await this.#served;
  }

  async #serve(): Promise<void> {
    const { clock, settings, logger, metrics } = this.#options;
    const pauses = { firstMs: settings.backoffMs, maxMs: settings.maxBackoffMs };
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const session = this.#createSession();
      const cause = await this.#serveSession(session);
      if (this.#closing.signal.aborted || cause === undefined) continue;
      metrics.sessionsLost.inc();
      logger.warn({ err: cause, partition: this.partition }, 'a partition was lost and is taken again');
      failures = session.hasCommitted ? 0 : failures + 1;
      await clock.sleep(backoffMs(failures, pauses), this.#closing.signal);
    }
  }

  #createSession(): PartitionSession {
    const { intake, settings } = this.#options;
    const session = new PartitionSession({
      partition: this.partition,
      lease: () => (this.isShared ? undefined : this.lease),
      leaseMarginMs: settings.leaseMarginMs,
      window: settings.maxBatchOperations,
      admit: (delivery, from) => intake.admit(delivery, from),
      onLeft: (delivery) => intake.left(delivery),
    });
    this.#session = session;
    return session;
  }

  /** Runs one session to its end; returns why it ended, undefined when nothing went wrong. Never rejects. */
  async #serveSession(session: PartitionSession): Promise<Error | undefined> {
    const { intake, settings } = this.#options;
    let subscription: Promise<PartitionSubscription> | undefined;
    let isOpened = false;
    intake.add(session);
    try {
      if (!this.isShared) await this.#startRaising(session);
      if (session.isOpen) {
        subscription = this.#subscribe(session);
        subscription.then(
          (opened) => {
            isOpened = true;
            session.opened(opened);
          },
          (error: unknown) => session.end(asError(error)),
        );
      }
      return await session.ended;
    } finally {
      intake.remove(session);
      const closed = this.#closeSubscription(subscription);
      // One that still waits for its turn is closed when it gets it, without anybody waiting for that.
      await this.#within(settings.handOverMs, Promise.all([isOpened ? closed : undefined, this.#survive(session)]));
    }
  }

  #subscribe(session: PartitionSession): Promise<PartitionSubscription> {
    let isRaising = session.fence !== undefined;
    return this.#options.queue.subscribe(this.partition, {
      onDelivery: (delivery) => {
        session.receive(delivery);
        if (isRaising) return;
        isRaising = true;
        void this.#startRaising(session);
      },
      onLost: (cause) => session.end(cause),
    });
  }

  #startRaising(session: PartitionSession): Promise<void> {
    this.#raising = this.#raiseFence(session);
    return this.#raising;
  }

  /** Tries until it works or the session ends. */
  async #raiseFence(session: PartitionSession): Promise<void> {
    const { store, clock, logger, intake, settings } = this.#options;
    const pauses = { firstMs: settings.backoffMs, maxMs: settings.maxBackoffMs };
    for (let attempt = 0; session.isOpen; attempt += 1) {
      try {
        session.raised(await store.raiseFence(this.partition));
        intake.wake();
        return;
      } catch (error) {
        logger.warn({ err: error, partition: this.partition }, 'the fence of a partition could not be raised');
        await clock.sleep(backoffMs(attempt, pauses), this.#closing.signal);
      }
    }
  }

  /**
   * What a session had in its hands has killed nobody, when its consumer is there to end it. Counted as if it had, a few
   * lost leases or connections would have a backlog applied one by one. Never rejects.
   */
  async #survive(session: PartitionSession): Promise<void> {
    await this.#raising;
    if (session.fence === undefined || session.hasCommitted) return;
    try {
      await this.#options.store.uncountRaise(this.partition);
    } catch (error) {
      this.#options.logger.debug({ err: error, partition: this.partition }, 'the end of a session stays counted');
    }
  }

  async #closeSubscription(subscription: Promise<PartitionSubscription> | undefined): Promise<void> {
    try {
      await (await subscription)?.close();
    } catch (error) {
      this.#options.logger.debug({ err: error, partition: this.partition }, 'a subscription was gone already');
    }
  }

  /** Waits for something, but no longer than `ms` milliseconds. */
  async #within(ms: number, something: Promise<unknown>): Promise<void> {
    const waited = new AbortController();
    await Promise.race([something, this.#options.clock.sleep(ms, waited.signal)]);
    waited.abort();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
