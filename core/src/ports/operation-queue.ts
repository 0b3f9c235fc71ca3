import type { QueuedOperation } from '../operation.ts';
import type { OperationId } from '../operation-id.ts';

/** One message as the broker hands it over: operations of one partition that were published together. */
export interface Delivery {
  readonly partition: number;
  /** Grows with each delivery of a subscription. */
  readonly tag: number;
  /** Whether it was there before this subscription began: it may have been delivered before. */
  readonly isRedelivered: boolean;
  /** Encoded operations (`decodeOperations`). Untrusted. */
  readonly body: Uint8Array;
}

export interface QueueListener {
  /** Called for each message, in the order the broker took them. Must not throw. */
  onDelivery(delivery: Delivery): void;
  /** The subscription ended from the other side (broker gone, handed over); unacked deliveries come again. */
  onLost(cause: Error): void;
}

export interface PartitionSubscription {
  /** Takes everything up to and including this tag off the queue, for good. */
  ack(tag: number): Promise<void>;
  /** Ends the subscription. What is not acked is delivered again, in order, to whoever subscribes next. */
  close(): Promise<void>;
}

/** A message set aside because it can never be applied as it is. */
export interface DeadLetter {
  readonly partition: number;
  readonly body: Uint8Array;
  /** For a person: why. */
  readonly reason: string;
  /** The operations that could still be read from it. */
  readonly ids: readonly OperationId[];
}

export interface QueueDepth {
  readonly messages: number;
  readonly bytes: number;
  readonly deadLetters: number;
}

/** The durable queue between gateways and consumers: one FIFO a partition, each with one active consumer. */
export interface OperationQueue {
  /**
   * Puts operations at the end of a partition's queue, in order, as one message. Resolves when they will survive a
   * crash.
   *
   * @throws StrataError `overloaded`, `unavailable` or `storage-full`: certainly not queued;
   * `outcome-unknown`: may or may not be queued
   */
  publish(partition: number, operations: readonly QueuedOperation[]): Promise<void>;
  /** Becomes the partition's consumer, after the one before has closed or died. */
  subscribe(partition: number, listener: QueueListener): Promise<PartitionSubscription>;
  /** Keeps a message for a person to look at. Resolves when it is durable; the caller acks the delivery then. */
  deadLetter(letter: DeadLetter): Promise<void>;
  /** What waits, over all partitions. */
  depth(): Promise<QueueDepth>;
  /** Rejects when nothing can be published now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
