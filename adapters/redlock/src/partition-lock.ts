import { type PartitionLease, type PartitionLock, StrataError } from '@stratakv/core';
import Redlock, { type HeldLock } from 'redlock';
import type { LockNodes } from './lock-nodes.ts';
import { type LeaseOptions, RedlockLease } from './redlock-lease.ts';
import { announceScript, keepScript, renewScript } from './scripts.ts';

/*
 * Leases of partitions by Redlock (https://redis.io/docs/latest/develop/use/patterns/distributed-locks/): a lease is a
 * key with the owner's random token on a majority of independent Redis nodes.
 *
 * It is not safe by itself, and need not be. A holder may be paused past its term; a node that lost its memory votes
 * anew, although Redis advises to keep it out for a term ("delayed restart"). Then two consumers believe that they hold
 * a partition. The broker still serves one of them, and the database refuses the older fence token. What is lost is time.
 */

export interface RedlockPartitionLockOptions {
  readonly nodes: LockNodes;
  /** How long a lease holds without being renewed, milliseconds. */
  readonly termMs: number;
  /** How long a consumer counts as alive after it announced itself, milliseconds. */
  readonly aliveMs: number;
  /** What the keys on the lock nodes begin with. */
  readonly prefix: string;
}

/** Redis expires to the millisecond, and clocks differ in speed by up to a percent. The same sum as the package's. */
const driftFactor = 0.01;
const expiryPrecisionMs = 2;

/** Shares partitions out among the consumers that use the same lock nodes and prefix. */
export class RedlockPartitionLock implements PartitionLock {
  readonly #nodes: LockNodes;
  readonly #prefix: string;
  readonly #aliveMs: number;
  readonly #locks: Redlock;
  readonly #leaseOptions: LeaseOptions;
  readonly #leases = new Set<RedlockLease>();
  readonly #acquiring = new Set<Promise<unknown>>();
  readonly #consumers = new Set<string>();
  #isClosed = false;

  constructor({ nodes, termMs, aliveMs, prefix }: RedlockPartitionLockOptions) {
    this.#nodes = nodes;
    this.#prefix = prefix;
    this.#aliveMs = aliveMs;
    // One attempt: whoever asks tries again when it suits him. (The package ignores a retryCount of 0 given to a call.)
    this.#locks = new Redlock(nodes.all, { driftFactor, retryCount: 0 });
    // The package unlocks what it could not extend. Here a lease that two slow nodes did not renew holds on.
    const renewals = new Redlock(nodes.all, {
      driftFactor,
      retryCount: 0,
      extendScript: () => renewScript,
      unlockScript: () => keepScript,
    });
    this.#leaseOptions = {
      nodes,
      locks: this.#locks,
      renewals,
      termMs,
      driftMs: Math.round(termMs * driftFactor) + expiryPrecisionMs,
      onEnded: (lease) => this.#leases.delete(lease),
    };
  }

  /** The lock nodes, and whether each answers, as far as is known. */
  get nodes(): readonly { readonly name: string; readonly isAnswering: boolean }[] {
    return this.#nodes.all.map(({ name, isAnswering }) => ({ name, isAnswering }));
  }

  /** @throws StrataError `unavailable` when fewer than a majority of the nodes answer, or once closed */
  async announce(consumer: string): Promise<number> {
    this.#refuseClosed();
    this.#consumers.add(consumer);
    const counts = await this.#nodes.ask((node) =>
      node.ask((client) => client.eval(announceScript, 1, this.#consumersKey, consumer, this.#aliveMs)),
    );
    return upperMedian(counts.map(Number));
  }

  /** @throws StrataError `unavailable` when fewer than a majority of the nodes answer, or once closed */
  async acquire(partition: number): Promise<PartitionLease | undefined> {
    this.#refuseClosed();
    const acquiring = this.#acquire(partition);
    this.#acquiring.add(acquiring);
    try {
      return await acquiring;
    } finally {
      this.#acquiring.delete(acquiring);
    }
  }

  async check(): Promise<void> {
    this.#refuseClosed();
    await this.#nodes.reach();
  }

  /** Releases every lease and withdraws the announcements, on the nodes that can be reached. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#acquiring);
    await Promise.allSettled([...this.#leases].map((lease) => lease.release()));
    const names = [...this.#consumers];
    if (names.length > 0) {
      await Promise.allSettled(
        this.#nodes.all.map((node) => node.ask((client) => client.zrem(this.#consumersKey, ...names))),
      );
    }
    this.#nodes.close();
  }

  get #consumersKey(): string {
    return `${this.#prefix}:consumers`;
  }

  async #acquire(partition: number): Promise<PartitionLease | undefined> {
    const key = `${this.#prefix}:lock:${partition}`;
    const { termMs } = this.#leaseOptions;
    const askedAt = performance.now();
    let lock: HeldLock;
    try {
      lock = await this.#locks.lock(key, termMs);
    } catch (error) {
      if (!(error instanceof Redlock.LockError)) throw error;
      // It does not say why. With a majority that answers, somebody holds it, or several wanted it at once.
      await this.#nodes.reach();
      return undefined;
    }
    const lease = new RedlockLease(partition, key, lock, askedAt, this.#leaseOptions);
    this.#leases.add(lease);
    this.#refuseClosed();
    return lease;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new StrataError('unavailable', 'The partition lock is closed.');
  }
}

/**
 * The count to go by when nodes differ. One that came back empty has heard of too few, one that was cut off when a
 * consumer left has too many: of three, the middle one; of two, the larger, as too few only makes consumers ask for
 * partitions that others hold.
 */
function upperMedian(counts: readonly number[]): number {
  const sorted = counts.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
