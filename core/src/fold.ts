import { type EntryState, holds, isLive } from './condition.ts';
import { type Entry, isTombstone, type Tombstone } from './entry.ts';
import type { Key } from './key.ts';
import type { Operation, PutOperation, QueuedOperation } from './operation.ts';
import { type OperationId, operationCreatedAt, operationPartition } from './operation-id.ts';
import type { IdempotencyRecord, OperationRecord, Outcome } from './outcome.ts';
import { expiryOf } from './ttl.ts';
import { nextVersion, type Version } from './version.ts';

/*
 * The heart of the write path: entries + operations in order -> new entries + outcomes, as a pure function. Whoever
 * stores entries reads what the operations touch, folds, and writes the result in the same transaction. Folding a
 * batch gives the same as folding its operations one by one, so batches are only a matter of speed.
 */

/** What the database held when the transaction looked: everything the operations of the batch can depend on. */
export interface FoldInput {
  readonly operations: readonly QueuedOperation[];
  /** Entries and tombstones of the keys named. */
  readonly entries: ReadonlyMap<Key, EntryState>;
  /** Log rows of the ids named. */
  readonly records: ReadonlyMap<OperationId, OperationRecord>;
  /** First outcomes under the identities named. */
  readonly identities: ReadonlyMap<string, IdempotencyRecord>;
  /** Version floor of each partition named; 0 where there is none. */
  readonly floors: ReadonlyMap<number, Version>;
  /** The database's clock, microseconds since 1970. */
  readonly nowMicros: number;
  /** Rows of operations made before this (milliseconds since 1970) may have been pruned: one without a row may be known. */
  readonly logHorizon: number;
}

/** What became of one operation of the batch. */
export type Folded =
  | { readonly kind: 'settled'; readonly operation: QueuedOperation; readonly record: OperationRecord }
  /** The id had an outcome already: a redelivery. The record is the recorded one. */
  | { readonly kind: 'duplicate'; readonly operation: QueuedOperation; readonly record: OperationRecord }
  /** Older than the log, with no row: it may have been applied before, so it is never applied now. */
  | { readonly kind: 'refused'; readonly operation: QueuedOperation };

export interface FoldResult {
  /** One for each operation, in order. */
  readonly folded: readonly Folded[];
  /** The last state of each key that changed. */
  readonly writes: ReadonlyMap<Key, Entry | Tombstone>;
  /** Identities that got their first outcome, by operation. */
  readonly claims: ReadonlyMap<OperationId, string>;
}

/** Applies the operations in order. Changes none of its input. */
export function fold(input: FoldInput): FoldResult {
  const batch = new Batch(input);
  return {
    folded: input.operations.map((operation) => batch.add(operation)),
    writes: batch.writes,
    claims: batch.claims,
  };
}

class Batch {
  readonly writes = new Map<Key, Entry | Tombstone>();
  readonly claims = new Map<OperationId, string>();
  readonly #input: FoldInput;
  readonly #nowMs: number;
  readonly #records = new Map<OperationId, OperationRecord>();
  readonly #identities = new Map<string, IdempotencyRecord>();

  constructor(input: FoldInput) {
    this.#input = input;
    this.#nowMs = Math.floor(input.nowMicros / 1000);
  }

  add(operation: QueuedOperation): Folded {
    const known = this.#records.get(operation.id) ?? this.#input.records.get(operation.id);
    if (known !== undefined) return { kind: 'duplicate', operation, record: known };
    if (operationCreatedAt(operation.id) < this.#input.logHorizon) return { kind: 'refused', operation };
    const record = this.#settle(operation);
    this.#records.set(operation.id, record);
    return { kind: 'settled', operation, record };
  }

  #settle(operation: QueuedOperation): OperationRecord {
    if (operation.action === 'settle') {
      const outcome: Outcome = { status: 'failed', code: operation.code };
      return { id: operation.id, action: undefined, key: undefined, outcome, settledAt: this.#nowMs };
    }
    const { id, action, key } = operation;
    return { id, action, key, outcome: this.#outcome(operation), settledAt: this.#nowMs };
  }

  #outcome(operation: Operation): Outcome {
    const { idempotency } = operation;
    if (idempotency === undefined) return this.#judge(operation);
    const first = this.#identities.get(idempotency.identity) ?? this.#input.identities.get(idempotency.identity);
    if (first === undefined) {
      const outcome = this.#judge(operation);
      this.#identities.set(idempotency.identity, { fingerprint: idempotency.fingerprint, outcome });
      this.claims.set(operation.id, idempotency.identity);
      return outcome;
    }
    if (first.fingerprint === idempotency.fingerprint) return first.outcome;
    return { status: 'rejected', code: 'idempotency-conflict', currentVersion: undefined };
  }

  #judge(operation: Operation): Outcome {
    const state = this.#stateOf(operation.key);
    const live = isLive(state, this.#nowMs);
    if (!holds(operation.condition, state, this.#nowMs)) {
      return { status: 'rejected', code: 'version-mismatch', currentVersion: live ? state.version : undefined };
    }
    if (operation.action === 'delete' && !live) {
      return { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined };
    }
    const floor = this.#input.floors.get(operationPartition(operation.id)) ?? 0;
    const version = nextVersion(state?.version, floor, this.#input.nowMicros);
    if (operation.action === 'delete') {
      this.writes.set(operation.key, { key: operation.key, version, deletedAt: this.#nowMs });
      return { status: 'applied', version, isCreated: false, expiresAt: undefined };
    }
    const entry = this.#entryOf(operation, version);
    this.writes.set(operation.key, entry);
    return { status: 'applied', version, isCreated: !live, expiresAt: entry.expiresAt };
  }

  #entryOf({ key, value, contentType, meta, ttlSeconds }: PutOperation, version: Version): Entry {
    const expiresAt = expiryOf(ttlSeconds, this.#nowMs);
    return { key, value, contentType, meta, version, modifiedAt: this.#nowMs, expiresAt };
  }

  #stateOf(key: Key): EntryState | undefined {
    const written = this.writes.get(key);
    if (written === undefined) return this.#input.entries.get(key);
    if (isTombstone(written)) return { version: written.version, isDeleted: true, expiresAt: undefined };
    return { version: written.version, isDeleted: false, expiresAt: written.expiresAt };
  }
}
