/** How a consumer works. Embedded takes the defaults; a process of its own reads them from its settings table. */
export interface ConsumerSettings {
  /** Operations in one batch, unless a single message holds more. */
  readonly maxBatchOperations: number;
  /** Bytes of the messages in one batch, unless a single message is larger. */
  readonly maxBatchBytes: number;
  /**
   * From the start of a batch to that of the next, milliseconds, as long as nobody waits for an outcome and the next is not
   * full. Whatever comes after a pause goes at once.
   */
  readonly batchEveryMs: number;
  /**
   * When somebody waits for an outcome, the next batch grows for as long as the last one took, but no longer than this,
   * milliseconds: all that a batch does in every layer is shared by what is in it.
   */
  readonly maxRestMs: number;
  /** Messages that may wait here over all partitions; each partition may always have one. */
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  /** How often leases are renewed, milliseconds. A lease's term must be several times that. */
  readonly renewEveryMs: number;
  /** How often consumers are counted and shares adjusted, milliseconds. */
  readonly balanceEveryMs: number;
  /**
   * How long partitions are served without a lease after the lock service is back, milliseconds: longer than a lease
   * holds, since one who died meanwhile may have left one.
   */
  readonly stayWithoutLeaseMs: number;
  /** A lease with less time left than this is not worked on, milliseconds. */
  readonly leaseMarginMs: number;
  /** First and longest pause after a failure, milliseconds. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long a partition that is given up waits for its batch in flight, milliseconds. */
  readonly handOverMs: number;
  /** How long a cache that fails slowly is left alone, milliseconds. */
  readonly cacheRetryMs: number;
  /** Time between two rounds of cleaning, and after a step of a round that found little, milliseconds. */
  readonly cleanEveryMs: number;
  readonly cleanPauseMs: number;
  /** Rows a step of cleaning removes. */
  readonly cleanLimit: number;
  /** How long a tombstone is kept, milliseconds: longer than any reader may take to fill a cache. */
  readonly tombstoneAgeMs: number;
  /** Whether each settled operation leaves a line in the log. */
  readonly logWrites: boolean;
}

export const defaultConsumerSettings: ConsumerSettings = {
  maxBatchOperations: 500,
  maxBatchBytes: 4 * 1024 * 1024,
  batchEveryMs: 15,
  maxRestMs: 2,
  maxWaitingMessages: 20_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  renewEveryMs: 2_000,
  balanceEveryMs: 500,
  stayWithoutLeaseMs: 9_000,
  leaseMarginMs: 500,
  backoffMs: 50,
  maxBackoffMs: 5_000,
  handOverMs: 3_000,
  cacheRetryMs: 500,
  cleanEveryMs: 5_000,
  cleanPauseMs: 50,
  cleanLimit: 500,
  tombstoneAgeMs: 3_600_000,
  logWrites: false,
};
