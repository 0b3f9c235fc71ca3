import type { Entry, Tombstone } from '../entry.ts';
import type { Folded } from '../fold.ts';
import type { Key } from '../key.ts';
import type { QueuedOperation } from '../operation.ts';

/** The right to write a partition's entries, checked inside each transaction. A higher token voids all before. */
export interface Fence {
  readonly partition: number;
  readonly token: number;
}

export interface RaisedFence extends Fence {
  /** How often the fence was raised since a batch of this partition last committed, this time included, less what was uncounted. */
  readonly raisesSinceCommit: number;
}

export interface ApplyBatch {
  /** One for each partition that has operations in the batch. */
  readonly fences: readonly Fence[];
  /** In the order the queues gave them. */
  readonly operations: readonly QueuedOperation[];
}

export interface ApplyResult {
  /** Partitions whose fence was refused: somebody else writes them now. Their operations were left out. */
  readonly refused: readonly number[];
  /** What became of each operation that was not left out, in order. */
  readonly folded: readonly Folded[];
  /** The last state of each key that changed. */
  readonly writes: readonly (Entry | Tombstone)[];
  /** When the transaction looked at the clock: milliseconds since 1970 by the database's clock. */
  readonly asOf: number;
}

/** One small step of a clean-up, within one partition. With the fence refused, nothing is removed. */
export interface CleanupResult {
  /** Rows removed. */
  readonly removed: number;
  /** Keys whose entries went, for the cache. */
  readonly keys: readonly Key[];
}

/** What the database throws for an operation it will never take. Found by halving the batch. */
export class OperationRefused extends Error {
  constructor(cause: unknown) {
    super('the database refuses an operation of the batch', { cause });
    this.name = 'OperationRefused';
  }
}

/** Writes the database. Only consumers use it. */
export interface EntryStore {
  /** Takes over a partition: from now on only this fence's token may write it. */
  raiseFence(partition: number): Promise<RaisedFence>;
  /**
   * Takes one raise out of the count since the last commit, down to none: whoever raised the fence is still alive, so
   * nothing in the partition killed it. Tokens stay as they are.
   */
  uncountRaise(partition: number): Promise<void>;
  /**
   * Folds the operations over the entries in one transaction that is durable when this resolves.
   *
   * @throws StrataError `unavailable` or `storage-full`: nothing was applied, or it cannot be known (the same
   * batch may be tried again either way); OperationRefused: nothing was applied and never will be with that operation
   */
  apply(batch: ApplyBatch): Promise<ApplyResult>;
  /** Removes up to `limit` expired entries of a partition and raises its version floor over them. */
  expire(fence: Fence, limit: number): Promise<CleanupResult>;
  /** Removes up to `limit` tombstones that are older than `ageMs`, and raises the version floor over them. */
  pruneTombstones(fence: Fence, ageMs: number, limit: number): Promise<CleanupResult>;
  /** Removes up to `limit` operations of a partition that left the log; returns how many. */
  pruneOperations(fence: Fence, limit: number): Promise<CleanupResult>;
  check(): Promise<void>;
  close(): Promise<void>;
}
