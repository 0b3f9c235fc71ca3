import type { DatabaseSync } from 'node:sqlite';
import {
  type EntryState,
  type Fence,
  type Folded,
  fold,
  type IdempotencyRecord,
  type Key,
  type OperationId,
  type OperationRecord,
  operationPartition,
  type QueuedOperation,
  type Version,
} from '@stratakv/core';
import { prepareEntryWrites } from './entry-table.ts';
import { prepareLogHorizon } from './log-horizon.ts';
import { prepareIdempotencyFind, prepareOperationFind, prepareOperationWrites } from './operation-table.ts';
import { preparePartitions } from './partition-table.ts';

/** What a transaction did with a batch, in a form that is cheap to post to another thread. */
export interface AppliedBatch {
  readonly refused: readonly number[];
  readonly folded: readonly { readonly kind: Folded['kind']; readonly record: OperationRecord | undefined }[];
  /** Index, among the operations not left out, of the one that made the last state of a changed key. */
  readonly writers: readonly number[];
  readonly asOf: number;
}

/** Makes the function that applies a batch; to be called inside a transaction. */
export function prepareApply(database: DatabaseSync) {
  const partitions = preparePartitions(database);
  const horizon = prepareLogHorizon(database);
  const entries = prepareEntryWrites(database);
  const operations = prepareOperationWrites(database);
  const findOperation = prepareOperationFind(database);
  const findIdempotency = prepareIdempotencyFind(database);

  function lookUp(batch: readonly QueuedOperation[]) {
    const states = new Map<Key, EntryState>();
    const records = new Map<OperationId, OperationRecord>();
    const identities = new Map<string, IdempotencyRecord>();
    for (const operation of batch) {
      const record = findOperation(operation.id);
      if (record !== undefined) records.set(operation.id, record);
      if (operation.action === 'settle') continue;
      const state = entries.state(operation.key);
      if (state !== undefined) states.set(operation.key, state);
      if (operation.idempotency === undefined) continue;
      const known = findIdempotency(operation.idempotency.identity);
      if (known !== undefined) identities.set(operation.idempotency.identity, known);
    }
    return { entries: states, records, identities };
  }

  return (fences: readonly Fence[], queued: readonly QueuedOperation[], nowMs: number): AppliedBatch => {
    const floors = new Map<number, Version>();
    for (const fence of fences) {
      const floor = partitions.pass(fence);
      if (floor !== undefined) floors.set(fence.partition, floor);
    }
    const refused = fences.map((fence) => fence.partition).filter((partition) => !floors.has(partition));
    const batch = queued.filter((operation) => floors.has(operationPartition(operation.id)));
    const input = { operations: batch, floors, nowMicros: nowMs * 1000, logHorizon: horizon.get() };
    const result = fold({ ...input, ...lookUp(batch) });
    const writers: number[] = [];
    result.folded.forEach((folded, index) => {
      if (folded.kind !== 'settled') return;
      const { operation, record } = folded;
      const fingerprint = operation.action === 'settle' ? undefined : operation.idempotency?.fingerprint;
      operations.insert(record, result.claims.get(record.id), fingerprint);
      const written = record.key === undefined ? undefined : result.writes.get(record.key);
      if (written === undefined || record.outcome.status !== 'applied') return;
      if (written.version !== record.outcome.version) return;
      entries.write(operationPartition(record.id), written);
      writers.push(index);
    });
    return { refused, folded: result.folded.map(strip), writers, asOf: nowMs };
  };
}

function strip(folded: Folded): AppliedBatch['folded'][number] {
  return { kind: folded.kind, record: folded.kind === 'refused' ? undefined : folded.record };
}
