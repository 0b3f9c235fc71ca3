import type { DatabaseSync } from 'node:sqlite';
import type { Fence } from '@stratakv/core';
import { prepareEntryRemoval } from './entry-table.ts';
import { prepareLogHorizon } from './log-horizon.ts';
import { prepareOperationWrites } from './operation-table.ts';
import { preparePartitions } from './partition-table.ts';

/** What one step removed; keys as the bytes they are stored as. */
export interface Cleaned {
  readonly removed: number;
  readonly keys: readonly Uint8Array[];
  /** How far back the log is whole now, when rows of it went: milliseconds since 1970. */
  readonly horizon?: number;
}

const nothing: Cleaned = { removed: 0, keys: [] };

/** Makes the functions of the background clean-up; to be called inside a transaction. */
export function prepareCleanup(database: DatabaseSync, retentionMs: number) {
  const partitions = preparePartitions(database);
  const entries = prepareEntryRemoval(database);
  const operations = prepareOperationWrites(database);
  const horizon = prepareLogHorizon(database);

  function removeEntries(fence: Fence, find: () => { key: Uint8Array; version: number }[]): Cleaned {
    if (!partitions.enter(fence)) return nothing;
    const rows = find();
    if (rows.length === 0) return nothing;
    for (const row of rows) entries.remove(row.key);
    partitions.lift(fence.partition, Math.max(...rows.map((row) => row.version)));
    return { removed: rows.length, keys: rows.map((row) => row.key) };
  }

  return {
    expire: (fence: Fence, limit: number, nowMs: number): Cleaned =>
      removeEntries(fence, () => entries.expired(fence.partition, nowMs, limit)),
    pruneTombstones: (fence: Fence, ageMs: number, limit: number, nowMs: number): Cleaned =>
      removeEntries(fence, () => entries.tombstones(fence.partition, nowMs - ageMs, limit)),
    pruneOperations(fence: Fence, limit: number, nowMs: number): Cleaned {
      if (!partitions.enter(fence)) return nothing;
      const pastRetention = nowMs - retentionMs;
      if (!operations.hasBefore(pastRetention)) return nothing;
      const beforeMs = Math.min(pastRetention, horizon.oldestQueued());
      const removed = operations.prune(fence.partition, beforeMs, limit);
      if (removed === 0) return nothing;
      horizon.raise(beforeMs);
      return { removed, keys: [], horizon: horizon.get() };
    },
  };
}
