import { type PartitionLease, StrataError } from '@stratakv/core';
import type Redlock from 'redlock';
import type { HeldLock } from 'redlock';
import type { LockNodes } from './lock-nodes.ts';

/** What the leases of one lock share. */
export interface LeaseOptions {
  readonly nodes: LockNodes;
  /** Takes and releases. */
  readonly locks: Redlock;
  /** Extends; one that fails releases nothing. */
  readonly renewals: Redlock;
  /** How long a lease holds, milliseconds. */
  readonly termMs: number;
  /** The part of the term that the clocks of the nodes and this one may drift apart, milliseconds. */
  readonly driftMs: number;
  /** Told when it is lost or released. */
  readonly onEnded: (lease: RedlockLease) => void;
}

/** A lease of a partition, as it stands on the lock nodes. */
export class RedlockLease implements PartitionLease {
  readonly partition: number;
  readonly #key: string;
  readonly #lock: HeldLock;
  readonly #options: LeaseOptions;
  /** By the monotonic clock. */
  #until: number;

  /**
   * @param key of the lock
   * @param askedAt when the nodes were asked for it, by the monotonic clock
   */
  constructor(partition: number, key: string, lock: HeldLock, askedAt: number, options: LeaseOptions) {
    this.partition = partition;
    this.#key = key;
    this.#lock = lock;
    this.#options = options;
    this.#until = this.#validUntil(askedAt);
  }

  remainingMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** @throws StrataError `unavailable` when the nodes do not say whether it is lost; it then holds until it runs out */
  async renew(): Promise<boolean> {
    if (await this.#extend()) return true;
    // What is left of it on a minority, or was put back after a release, would stand in the way of others.
    await this.release().catch(() => {});
    return false;
  }

  /** @throws StrataError `unavailable` when no majority answered; it then runs out */
  async release(): Promise<void> {
    this.#until = 0;
    this.#options.onEnded(this);
    try {
      await this.#options.locks.unlock(this.#lock);
    } catch {
      // Also when it was not held any more, which is as good.
      await this.#options.nodes.reach();
    }
  }

  async #extend(): Promise<boolean> {
    if (this.remainingMs() === 0) return false;
    const { renewals, termMs } = this.#options;
    const askedAt = performance.now();
    // Whether it has run out was judged above, by the monotonic clock. A step of the wall clock must not lose leases.
    this.#lock.expiration = Number.POSITIVE_INFINITY;
    try {
      await renewals.extend(this.#lock, termMs);
    } catch (cause) {
      if (await this.#mayStand()) throw new StrataError('unavailable', 'A lease was not renewed in time.', { cause });
      return false;
    }
    // 0: it was released meanwhile.
    if (this.#until > 0) this.#until = this.#validUntil(askedAt);
    return this.remainingMs() > 0;
  }

  /** Whether it may still stand on a majority: the package does not say why it could not be extended. */
  async #mayStand(): Promise<boolean> {
    const { all, majority } = this.#options.nodes;
    const owners = await Promise.allSettled(all.map((node) => node.ask((client) => client.get(this.#key))));
    const gone = owners.filter((owner) => owner.status === 'fulfilled' && owner.value !== this.#lock.value).length;
    return all.length - gone >= majority;
  }

  #validUntil(askedAt: number): number {
    return askedAt + this.#options.termMs - this.#options.driftMs;
  }
}
