import { type EntryState, isLive } from '../condition.ts';
import { type Entry, type EntrySummary, isTombstone, type Tombstone } from '../entry.ts';
import { fold } from '../fold.ts';
import { compareKeys, type Key } from '../key.ts';
import { type OperationId, operationPartition } from '../operation-id.ts';
import type { IdempotencyRecord, OperationRecord } from '../outcome.ts';
import { partitionOf } from '../partition.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  EntryReader,
  InstallationState,
  ReadBatch,
  ScanPage,
  ScanPosition,
  ScanQuery,
} from '../ports/entry-reader.ts';
import type { ApplyBatch, ApplyResult, CleanupResult, EntryStore, Fence, RaisedFence } from '../ports/entry-store.ts';
import type { Version } from '../version.ts';

interface PartitionRow {
  token: number;
  raises: number;
  floor: Version;
}

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly partitionCount: number;
  /** How long operations are remembered, milliseconds; 7 days by default. */
  readonly retentionMs?: number;
}

/**
 * A database in memory for tests of what uses one: folds as every store does, checks fences, keeps a log. One object is
 * both the store and the reader.
 */
export class MemoryStore implements EntryStore, EntryReader {
  readonly stored = new Map<Key, Entry | Tombstone>();
  readonly records = new Map<OperationId, OperationRecord>();
  /** How often each id changed something or was judged: more than once is a mistake of whoever applies. */
  readonly settled: OperationId[] = [];
  readonly #identities = new Map<string, IdempotencyRecord & { readonly id: OperationId }>();
  readonly #partitions = new Map<number, PartitionRow>();
  readonly #clock: Clock;
  readonly #partitionCount: number;
  readonly #retentionMs: number;

  constructor({ clock, partitionCount, retentionMs = 7 * 86_400_000 }: MemoryStoreOptions) {
    this.#clock = clock;
    this.#partitionCount = partitionCount;
    this.#retentionMs = retentionMs;
  }

  async raiseFence(partition: number): Promise<RaisedFence> {
    const row = this.#row(partition);
    row.token += 1;
    row.raises += 1;
    return { partition, token: row.token, raisesSinceCommit: row.raises };
  }

  async uncountRaise(partition: number): Promise<void> {
    const row = this.#row(partition);
    row.raises = Math.max(0, row.raises - 1);
  }

  async apply({ fences, operations }: ApplyBatch): Promise<ApplyResult> {
    const floors = new Map<number, Version>();
    for (const fence of fences) {
      if (!this.#passes(fence)) continue;
      const row = this.#row(fence.partition);
      row.raises = 0;
      floors.set(fence.partition, row.floor);
    }
    const refused = fences.map(({ partition }) => partition).filter((partition) => !floors.has(partition));
    const batch = operations.filter(({ id }) => floors.has(operationPartition(id)));
    const asOf = this.#clock.now();
    const entries = new Map([...this.stored].map(([key, stored]) => [key, stateOf(stored)]));
    const { folded, writes, claims } = fold({
      operations: batch,
      entries,
      records: this.records,
      identities: this.#identities,
      floors,
      nowMicros: asOf * 1000,
      logHorizon: asOf - this.#retentionMs,
    });
    for (const result of folded) {
      if (result.kind !== 'settled') continue;
      const { operation, record } = result;
      this.records.set(record.id, record);
      this.settled.push(record.id);
      const identity = claims.get(record.id);
      if (identity === undefined || operation.action === 'settle' || operation.idempotency === undefined) continue;
      const { fingerprint } = operation.idempotency;
      this.#identities.set(identity, { id: record.id, fingerprint, outcome: record.outcome });
    }
    for (const [key, written] of writes) this.stored.set(key, written);
    return { refused, folded, writes: [...writes.values()], asOf };
  }

  async expire(fence: Fence, limit: number): Promise<CleanupResult> {
    const now = this.#clock.now();
    return this.#remove(fence, limit, (stored) => !isTombstone(stored) && !isLive(stateOf(stored), now));
  }

  async pruneTombstones(fence: Fence, ageMs: number, limit: number): Promise<CleanupResult> {
    const before = this.#clock.now() - ageMs;
    return this.#remove(fence, limit, (stored) => isTombstone(stored) && stored.deletedAt < before);
  }

  async pruneOperations(fence: Fence, limit: number): Promise<CleanupResult> {
    if (!this.#passes(fence)) return { removed: 0, keys: [] };
    const horizon = this.#clock.now() - this.#retentionMs;
    const old = [...this.records.values()]
      .filter(({ id, settledAt }) => operationPartition(id) === fence.partition && settledAt < horizon)
      .slice(0, limit);
    for (const { id } of old) this.records.delete(id);
    for (const [identity, { id }] of this.#identities) if (!this.records.has(id)) this.#identities.delete(identity);
    return { removed: old.length, keys: [] };
  }

  async batchGet(keys: readonly Key[]): Promise<ReadBatch> {
    const now = this.#clock.now();
    return { entries: keys.map((key) => this.#live(key, now)) };
  }

  async scan({ prefix, delimiter, after, limit, maxBytes }: ScanQuery): Promise<ScanPage> {
    const now = this.#clock.now();
    const entries: EntrySummary[] = [];
    const prefixes: string[] = [];
    let last: ScanPosition | undefined;
    let bytes = 0;
    for (const key of [...this.stored.keys()].sort(compareKeys)) {
      const entry = this.#live(key, now);
      if (entry === undefined || !key.startsWith(prefix) || !isBehind(key, after)) continue;
      const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const folded = end < 0 ? undefined : key.slice(0, end + (delimiter?.length ?? 0));
      if (folded !== undefined && folded === prefixes.at(-1)) continue;
      const { value, meta: _meta, ...rest } = entry;
      const item = folded ?? { ...rest, size: value.length };
      // More than any form of it takes in an answer.
      bytes += Buffer.byteLength(JSON.stringify(item)) + 100;
      const count = entries.length + prefixes.length;
      if (count === limit || (count > 0 && bytes > maxBytes)) return { entries, prefixes, next: last };
      if (typeof item === 'string') prefixes.push(item);
      else entries.push(item);
      last = { text: folded ?? key, isPrefix: folded !== undefined };
    }
    return { entries, prefixes, next: undefined };
  }

  async operations(ids: readonly OperationId[]): Promise<readonly (OperationRecord | undefined)[]> {
    return ids.map((id) => this.records.get(id));
  }

  async fingerprint(identity: string): Promise<string | undefined> {
    return this.#identities.get(identity)?.fingerprint;
  }

  async installation(): Promise<InstallationState> {
    return { partitionCount: this.#partitionCount, logHorizon: this.#clock.now() - this.#retentionMs };
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  #passes({ partition, token }: Fence): boolean {
    return token > 0 && this.#row(partition).token === token;
  }

  #remove(fence: Fence, limit: number, isGone: (stored: Entry | Tombstone) => boolean): CleanupResult {
    if (!this.#passes(fence)) return { removed: 0, keys: [] };
    const gone = [...this.stored.values()].filter(
      (stored) => partitionOf(stored.key, this.#partitionCount) === fence.partition && isGone(stored),
    );
    const row = this.#row(fence.partition);
    const removed = gone.slice(0, limit);
    for (const { key, version } of removed) {
      this.stored.delete(key);
      row.floor = Math.max(row.floor, version);
    }
    return { removed: removed.length, keys: removed.map(({ key }) => key) };
  }

  #live(key: Key, now: number): Entry | undefined {
    const stored = this.stored.get(key);
    return stored !== undefined && !isTombstone(stored) && isLive(stateOf(stored), now) ? stored : undefined;
  }

  #row(partition: number): PartitionRow {
    const row = this.#partitions.get(partition) ?? { token: 0, raises: 0, floor: 0 };
    this.#partitions.set(partition, row);
    return row;
  }
}

function isBehind(key: Key, after: ScanPosition | undefined): boolean {
  if (after === undefined) return true;
  return compareKeys(key, after.text) > 0 && !(after.isPrefix && key.startsWith(after.text));
}

function stateOf(stored: Entry | Tombstone): EntryState {
  if (isTombstone(stored)) return { version: stored.version, isDeleted: true, expiresAt: undefined };
  return { version: stored.version, isDeleted: false, expiresAt: stored.expiresAt };
}
