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
 * break. When the service is back, leases are renewed or taken again, first for the partitions it really works on, and
 * those it gets none for are given up.
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
    const { lock, logger, name, partitionCount } = this.#options;
    try {
      await this.#renewWhenDue();
      const live = await lock.announce(name);
      if (this.isDegraded) await this.#returnToLeases();
      this.#failedRounds = 0;
      await this.#balance(Math.ceil(partitionCount / Math.max(1, live)));
    } catch (error) {
      this.#failedRounds += 1;
      if (this.#failedRounds !== roundsToGone) return;
      logger.error({ err: error }, 'the lock service is gone; partitions are served without leases');
      this.#serveAll();
    }
  }

  async #renewWhenDue(): Promise<void> {
    const now = performance.now();
    if (now - this.#renewedAt < this.#options.settings.renewEveryMs) return;
    this.#renewedAt = now;
    const leased = [...this.#holds.values()].filter(({ isShared }) => !isShared);
    await Promise.all(leased.map((hold) => this.#renew(hold)));
  }

  async #renew(hold: PartitionHold): Promise<void> {
    // A service that does not answer says nothing about the lease: it holds until it runs out.
    const isHeld = await hold.lease?.renew().catch(() => (hold.lease?.remainingMs() ?? 0) > 0);
    if (isHeld === true) return;
    this.#options.logger.warn({ partition: hold.partition }, 'the lease of a partition was lost');
    this.#holds.delete(hold.partition);
    this.#leave(hold.abandon());
  }

  async #balance(share: number): Promise<void> {
    const { partitionCount } = this.#options;
    const excess = [...this.#holds.values()].slice(share);
    this.#giveUp(excess);
    // What was just given up is left to the others for this round.
    const given = new Set(excess.map(({ partition }) => partition));
    const all = Array.from({ length: partitionCount }, (_, partition) => partition);
    const missing = shuffled(all.filter((partition) => !this.#holds.has(partition) && !given.has(partition)));
    while (this.#holds.size < share && missing.length > 0 && !this.#closing.signal.aborted) {
      await this.#acquire(missing.splice(0, share - this.#holds.size));
    }
  }

  async #acquire(partitions: readonly number[]): Promise<void> {
    const attempts = await Promise.allSettled(partitions.map((partition) => this.#options.lock.acquire(partition)));
    for (const attempt of attempts) {
      if (attempt.status !== 'fulfilled' || attempt.value === undefined) continue;
      const lease = attempt.value;
      this.#holds.set(lease.partition, new PartitionHold(lease.partition, lease, this.#options));
    }
    for (const attempt of attempts) if (attempt.status === 'rejected') throw attempt.reason;
  }

  #serveAll(): void {
    for (const hold of this.#holds.values()) hold.isShared = true;
    for (let partition = 0; partition < this.#options.partitionCount; partition += 1) {
      if (this.#holds.has(partition)) continue;
      this.#holds.set(partition, new PartitionHold(partition, undefined, this.#options));
    }
  }

  async #returnToLeases(): Promise<void> {
    const { lock, logger, name, partitionCount } = this.#options;
    const share = Math.ceil(partitionCount / Math.max(1, await lock.announce(name)));
    const holds = [...this.#holds.values()].sort((a, b) => Number(b.isActive) - Number(a.isActive));
    let leased = 0;
    for (const hold of holds) {
      if (leased >= share) break;
      const isHeld = (await hold.lease?.renew()) === true;
      if (!isHeld) hold.lease = await lock.acquire(hold.partition);
      if (hold.lease === undefined) continue;
      hold.isShared = false;
      leased += 1;
    }
    this.#giveUp(holds.filter(({ isShared }) => isShared));
    logger.info({ partitions: leased }, 'the lock service is back');
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
    const holds = [...this.#holds.values()];
    metrics.partitions.set(holds.length);
    metrics.leases.set(holds.filter(({ isShared }) => !isShared).length);
  }
}

function shuffled(partitions: readonly number[]): number[] {
  return partitions
    .map((partition) => ({ partition, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ partition }) => partition);
}
