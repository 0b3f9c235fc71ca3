import type { PartitionLock } from '@stratakv/core';
import { PartitionHold, type PartitionHoldOptions } from './partition-hold.ts';

/*
 * Which partitions this consumer works on. In each round it says that it is alive, learns how many are, and brings what
 * it holds to its fair share: P / live consumers, rounded up. Every few rounds it renews its leases first. Rounds are
 * short and frequent, so that what a consumer that leaves has released does not lie idle; nothing in them waits for a
 * partition to be given up, which takes as long as its batch in flight, while the leases that are kept run down.
 *
 * With the lock service gone (a few rounds without an answer) it serves all partitions without leases: the broker picks
 * one consumer for each, and the fence is raised by whoever gets a delivery. What it served before goes on without a
 * break. When the service is back, leases are renewed or taken again, first for the partitions it really works on. Those
 * it gets none for are served on for longer than a lease holds: the one who has it may have died meanwhile, and then
 * nobody else would serve them.
 */

export interface PartitionSharesOptions extends PartitionHoldOptions {
  readonly lock: PartitionLock;
  readonly partitionCount: number;
  /** This consumer's name among the others. */
  readonly name: string;
}

/** Rounds without an answer after which the lock service counts as gone. By then leases still hold. */
const roundsToGone = 4;

export class PartitionShares {
  readonly #options: PartitionSharesOptions;
  readonly #holds = new Map<number, PartitionHold>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Partitions on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  #failedRounds = 0;
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** When the lock service was last found gone. */
  #goneAt = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionSharesOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Whether it works without leases because the lock service is gone. */
  get isDegraded(): boolean {
    return this.#failedRounds >= roundsToGone;
  }

  /** Partitions it serves. */
  get partitions(): readonly number[] {
    return [...this.#holds.keys()];
  }

  get #leased(): PartitionHold[] {
    return [...this.#holds.values()].filter(({ isShared }) => !isShared);
  }

  get #shared(): PartitionHold[] {
    return [...this.#holds.values()].filter(({ isShared }) => isShared);
  }

  /** Stops taking partitions and gives all up, batches in flight finished where that is soon. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    this.#giveUp([...this.#holds.values()]);
    await Promise.all(this.#leaving);
  }

  async #run(): Promise<void> {
    const { clock, settings, intake } = this.#options;
    while (!this.#closing.signal.aborted) {
      await this.#round();
      this.#report();
      // What waited for a lease to be renewed may go on.
      intake.wake();
      await clock.sleep(settings.balanceEveryMs * (0.9 + Math.random() / 5), this.#closing.signal);
    }
  }

  async #round(): Promise<void> {
    const { lock, logger, name, partitionCount, settings } = this.#options;
    try {
      await this.#renewWhenDue();
      const live = await lock.announce(name);
      if (this.isDegraded) await this.#reclaim();
      this.#failedRounds = 0;
      await this.#balance(Math.ceil(partitionCount / Math.max(1, live)));
      if (performance.now() - this.#goneAt > settings.stayWithoutLeaseMs) this.#giveUp(this.#shared);
    } catch (error) {
      this.#failedRounds += 1;
      if (this.isDegraded) this.#goneAt = performance.now();
      if (this.#failedRounds !== roundsToGone) return;
      logger.error({ err: error }, 'the lock service is gone; partitions are served without leases');
      this.#serveAll();
    }
  }

  async #renewWhenDue(): Promise<void> {
    const now = performance.now();
    if (now - this.#renewedAt < this.#options.settings.renewEveryMs) return;
    this.#renewedAt = now;
    await Promise.all(this.#leased.map((hold) => this.#renew(hold)));
  }

  async #renew(hold: PartitionHold): Promise<void> {
    // A service that does not answer says nothing about the lease: it holds until it runs out.
    const isHeld = await hold.lease?.renew().catch(() => (hold.lease?.remainingMs() ?? 0) > 0);
    if (isHeld === true) return;
    this.#options.logger.warn({ partition: hold.partition }, 'the lease of a partition was lost');
    this.#holds.delete(hold.partition);
    this.#leave(hold.abandon());
  }

  /** The leases from before the lock service was gone, as far as they still stand. */
  async #reclaim(): Promise<void> {
    await Promise.all(
      this.#shared.map(async (hold) => {
        const { lease } = hold;
        if (lease !== undefined && (await lease.renew())) hold.leased(lease);
        else hold.lease = undefined;
      }),
    );
    this.#options.logger.info({ leases: this.#leased.length }, 'the lock service is back');
  }

  async #balance(share: number): Promise<void> {
    const excess = this.#leased.slice(share);
    this.#giveUp(excess);
    // What was just given up is left to the others for this round.
    const missing = this.#missing(new Set(excess.map(({ partition }) => partition)));
    while (missing.length > 0 && !this.#closing.signal.aborted) {
      const lacking = share - this.#leased.length;
      if (lacking <= 0) return;
      await this.#acquire(missing.splice(0, lacking));
    }
  }

  /** Partitions without a lease here, in the order to try them: what it works on first, the others at random. */
  #missing(except: ReadonlySet<number>): number[] {
    const all = Array.from({ length: this.#options.partitionCount }, (_, partition) => partition);
    const rank = (partition: number) => (this.#holds.get(partition)?.isActive ? -1 : Math.random());
    return all
      .filter((partition) => !except.has(partition) && (this.#holds.get(partition)?.isShared ?? true))
      .map((partition) => ({ partition, rank: rank(partition) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ partition }) => partition);
  }

  async #acquire(partitions: readonly number[]): Promise<void> {
    const attempts = await Promise.allSettled(partitions.map((partition) => this.#acquireOne(partition)));
    for (const attempt of attempts) if (attempt.status === 'rejected') throw attempt.reason;
  }

  async #acquireOne(partition: number): Promise<void> {
    const lease = await this.#options.lock.acquire(partition);
    if (lease === undefined) return;
    const hold = this.#holds.get(partition);
    if (hold === undefined) this.#holds.set(partition, new PartitionHold(partition, lease, this.#options));
    else hold.leased(lease);
  }

  #serveAll(): void {
    for (const hold of this.#holds.values()) hold.isShared = true;
    for (let partition = 0; partition < this.#options.partitionCount; partition += 1) {
      if (this.#holds.has(partition)) continue;
      this.#holds.set(partition, new PartitionHold(partition, undefined, this.#options));
    }
  }

  #giveUp(holds: readonly PartitionHold[]): void {
    for (const hold of holds) {
      this.#holds.delete(hold.partition);
      this.#leave(hold.close());
    }
  }

  #leave(leaving: Promise<void>): void {
    const left = leaving.finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  #report(): void {
    const { metrics } = this.#options;
    metrics.partitions.set(this.#holds.size);
    metrics.leases.set(this.#leased.length);
  }
}
