import {
  CodecError,
  type Delivery,
  decodeOperations,
  type OperationId,
  operationPartition,
  partitionOf,
  type QueuedOperation,
  salvageOperationIds,
} from '@stratakv/core';
import type { PartitionSession } from './partition-session.ts';

/** A delivery that waits for its turn or is being applied. */
export interface HeldDelivery {
  /** The subscription that brought it, and that it is acked on. */
  readonly session: PartitionSession;
  readonly tag: number;
  /** Whether a consumer before may have had it in its hands. */
  readonly isRedelivered: boolean;
  /** Size of the message. */
  readonly bytes: number;
  readonly operations: readonly QueuedOperation[];
  /** Whether a gateway waits for an outcome of it. */
  readonly isAwaited: boolean;
  /** False as long as a message that cannot be decoded is not safe among the dead letters. */
  isReady: boolean;
}

/** What a message says; `damage` is why it cannot be applied as it is. */
export type DeliveryContent =
  | { readonly damage: undefined; readonly operations: readonly QueuedOperation[] }
  | {
      readonly damage: string;
      /** What could still be read, without ids of other partitions. */
      readonly ids: readonly OperationId[];
    };

/**
 * Reads a message from the queue. One with operations of another partition counts as damaged: they would be written
 * without that partition's fence and order.
 */
export function readDelivery({ body, partition }: Delivery, partitionCount: number): DeliveryContent {
  try {
    const operations = decodeOperations(body);
    const isStray = operations.some(
      (operation) =>
        operationPartition(operation.id) !== partition ||
        (operation.action !== 'settle' && partitionOf(operation.key, partitionCount) !== partition),
    );
    if (!isStray) return { damage: undefined, operations };
    return damaged('an operation belongs to another partition', body, partition);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return damaged(error.message, body, partition);
  }
}

function damaged(damage: string, body: Uint8Array, partition: number): DeliveryContent {
  const ids = new Set(salvageOperationIds(body).filter((id) => operationPartition(id) === partition));
  return { damage, ids: [...ids] };
}

/** Records ids whose operations are lost as failed, where they have no outcome yet. */
export function settleMarkers(ids: readonly OperationId[]): QueuedOperation[] {
  return ids.map((id) => ({ action: 'settle', id, code: 'internal', replyTo: undefined }));
}
