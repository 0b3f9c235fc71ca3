import { type PartitionLease, type PartitionLock, StrataError } from '@stratakv/core';

interface Hold {
  readonly owner: InProcessPartitionLock;
  /** By the monotonic clock. */
  until: number;
}

/** The state that the locks of one process share: who is alive, who holds what. */
export class PartitionLockTable {
  readonly holds = new Map<number, Hold>();
  /** When each consumer stops counting as alive, by the monotonic clock. */
  readonly aliveUntil = new Map<string, number>();
}

export interface InProcessPartitionLockOptions {
  /** Shared by locks that are to exclude one another; one consumer alone needs none. */
  readonly table?: PartitionLockTable;
  /** How long a lease holds without being renewed; 10 s by default. */
  readonly termMs?: number;
  /** How long a consumer counts as alive after it announced itself; 10 s by default. */
  readonly aliveMs?: number;
  /** A clock that never jumps, milliseconds from any start; `performance.now` by default. */
  readonly monotonicMs?: () => number;
}

/** Shares partitions out among consumers in one process. A lease that its own lock holds already is not given twice. */
export class InProcessPartitionLock implements PartitionLock {
  readonly #table: PartitionLockTable;
  readonly #termMs: number;
  readonly #aliveMs: number;
  readonly #monotonicMs: () => number;
  readonly #consumers = new Set<string>();
  #isClosed = false;

  constructor(options: InProcessPartitionLockOptions = {}) {
    this.#table = options.table ?? new PartitionLockTable();
    this.#termMs = options.termMs ?? 10_000;
    this.#aliveMs = options.aliveMs ?? 10_000;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** @throws StrataError `unavailable` once closed */
  async announce(consumer: string): Promise<number> {
    this.#refuseClosed();
    const now = this.#monotonicMs();
    const { aliveUntil } = this.#table;
    this.#consumers.add(consumer);
    aliveUntil.set(consumer, now + this.#aliveMs);
    for (const [name, until] of aliveUntil) if (until <= now) aliveUntil.delete(name);
    return aliveUntil.size;
  }

  /** @throws StrataError `unavailable` once closed */
  async acquire(partition: number): Promise<PartitionLease | undefined> {
    this.#refuseClosed();
    const now = this.#monotonicMs();
    const standing = this.#table.holds.get(partition);
    if (standing !== undefined && standing.until > now) return undefined;
    const hold: Hold = { owner: this, until: now + this.#termMs };
    this.#table.holds.set(partition, hold);
    return this.#lease(partition, hold);
  }

  async check(): Promise<void> {
    this.#refuseClosed();
  }

  /** Gives back every lease and no longer counts the consumers announced here as alive. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const consumer of this.#consumers) this.#table.aliveUntil.delete(consumer);
    for (const [partition, hold] of this.#table.holds) {
      if (hold.owner === this) this.#table.holds.delete(partition);
    }
  }

  #lease(partition: number, hold: Hold): PartitionLease {
    const { holds } = this.#table;
    const remainingMs = () => (holds.get(partition) === hold ? Math.max(0, hold.until - this.#monotonicMs()) : 0);
    return {
      partition,
      remainingMs,
      renew: async () => {
        if (remainingMs() === 0) return false;
        hold.until = this.#monotonicMs() + this.#termMs;
        return true;
      },
      release: async () => {
        if (holds.get(partition) === hold) holds.delete(partition);
      },
    };
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new StrataError('unavailable', 'The partition lock is closed.');
  }
}
