import type { Condition } from './condition.ts';
import type { Meta } from './entry.ts';
import type { ProblemCode } from './errors.ts';
import type { Idempotency } from './idempotency.ts';
import type { Key } from './key.ts';
import type { OperationId } from './operation-id.ts';

interface Write {
  readonly id: OperationId;
  readonly key: Key;
  readonly condition: Condition | undefined;
  readonly idempotency: Idempotency | undefined;
  /** Where the gateway that waits for the outcome listens; undefined: nobody waits. */
  readonly replyTo: string | undefined;
  /** Goes along to every log line about the write. */
  readonly traceId: string | undefined;
}

export interface PutOperation extends Write {
  readonly action: 'put';
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly meta: Meta;
  /** Whole seconds from the moment of applying; undefined: stays. */
  readonly ttlSeconds: number | undefined;
}

export interface DeleteOperation extends Write {
  readonly action: 'delete';
}

/**
 * Gives an id that has no outcome yet the outcome `failed`, so that every id ends in one. Queued behind the operation
 * it is about, in the same partition: if that one was accepted, its outcome is already there and this changes nothing.
 */
export interface SettleMarker {
  readonly action: 'settle';
  readonly id: OperationId;
  readonly code: ProblemCode;
  readonly replyTo: string | undefined;
}

/** A write somebody asked for. */
export type Operation = PutOperation | DeleteOperation;

/** What travels through a partition's queue. */
export type QueuedOperation = Operation | SettleMarker;
