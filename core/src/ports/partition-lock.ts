/** The right to work on a partition, for a while. Only shares the work out: losing it late is harmless. */
export interface PartitionLease {
  readonly partition: number;
  /** Milliseconds it still holds by a monotonic clock; 0 or less when it is lost. */
  remainingMs(): number;
  /** Holds it for another full term. False when it is lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** Shares partitions out among the consumers that are alive. */
export interface PartitionLock {
  /** Says that this consumer is alive; returns how many are, itself included. To be repeated every few seconds. */
  announce(consumer: string): Promise<number>;
  /** Takes a lease; undefined when somebody holds it, this lock included. Rejects when the lock service cannot be reached. */
  acquire(partition: number): Promise<PartitionLease | undefined>;
  /** Rejects when the lock service has no majority now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
