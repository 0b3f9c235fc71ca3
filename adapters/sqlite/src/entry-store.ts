import {
  type ApplyBatch,
  type ApplyResult,
  type CleanupResult,
  type Entry,
  type EntryStore,
  encodeOperations,
  type Fence,
  type Folded,
  OperationRefused,
  operationPartition,
  type QueuedOperation,
  type RaisedFence,
  StrataError,
  type Tombstone,
} from '@stratakv/core';
import type { AppliedBatch } from './apply.ts';
import type { Cleaned } from './cleanup.ts';
import type { DamageWatch } from './damage-watch.ts';
import { keyOf } from './entry-table.ts';
import { errorOf } from './thread.ts';
import type { Writer } from './writer.ts';
import type { WriterJob } from './writer-job.ts';

/** Writes the SQLite database through its one writer thread. */
export class SqliteEntryStore implements EntryStore {
  readonly #writer: Pick<Writer, 'run' | 'death'>;
  readonly #damage: DamageWatch;
  #logHorizon: number;

  /** @param logHorizon how far back the log was whole when the store was opened */
  constructor(writer: Pick<Writer, 'run' | 'death'>, damage: DamageWatch, logHorizon: number) {
    this.#writer = writer;
    this.#damage = damage;
    this.#logHorizon = logHorizon;
  }

  /**
   * How far back the operations log is whole: milliseconds since 1970. An operation with an older id that has no row is
   * never applied.
   */
  get logHorizon(): number {
    return this.#logHorizon;
  }

  raiseFence(partition: number): Promise<RaisedFence> {
    return this.#run({ kind: 'raise-fence', partition }) as Promise<RaisedFence>;
  }

  async uncountRaise(partition: number): Promise<void> {
    await this.#run({ kind: 'uncount-raise', partition });
  }

  async apply({ fences, operations }: ApplyBatch): Promise<ApplyResult> {
    const body = encodeOperations(operations);
    const applied = (await this.#run({ kind: 'apply', fences, body })) as AppliedBatch;
    const taken =
      applied.refused.length === 0
        ? operations
        : operations.filter((operation) => !applied.refused.includes(operationPartition(operation.id)));
    const folded = applied.folded.map(({ kind, record }, index): Folded => {
      const operation = taken[index] as QueuedOperation;
      return record === undefined || kind === 'refused' ? { kind: 'refused', operation } : { kind, operation, record };
    });
    const writes = applied.writers.map((index) => storedBy(folded[index]));
    return { refused: applied.refused, folded, writes, asOf: applied.asOf };
  }

  expire(fence: Fence, limit: number): Promise<CleanupResult> {
    return this.#cleanUp({ kind: 'expire', fence, limit });
  }

  pruneTombstones(fence: Fence, ageMs: number, limit: number): Promise<CleanupResult> {
    return this.#cleanUp({ kind: 'prune-tombstones', fence, ageMs, limit });
  }

  pruneOperations(fence: Fence, limit: number): Promise<CleanupResult> {
    return this.#cleanUp({ kind: 'prune-operations', fence, limit });
  }

  async check(): Promise<void> {
    this.#damage.check();
    if (this.#writer.death !== undefined) {
      throw new StrataError('unavailable', 'The database thread has died.', { cause: this.#writer.death });
    }
  }

  /** Nothing of its own to end: the writer belongs to who opened the store. */
  async close(): Promise<void> {}

  async #cleanUp(job: WriterJob): Promise<CleanupResult> {
    const { removed, keys, horizon = 0 } = (await this.#run(job)) as Cleaned;
    this.#logHorizon = Math.max(this.#logHorizon, horizon);
    return { removed, keys: keys.map(keyOf) };
  }

  async #run(job: WriterJob): Promise<unknown> {
    const result = await this.#writer.run(job);
    if (!('failure' in result)) return result.value;
    const { code, detail } = result.failure;
    // What nobody foresaw comes again with the same batch, so whoever applies has to find the operation it comes from.
    const isRefused = code === 'refused' || (code === 'internal' && job.kind === 'apply');
    if (isRefused) throw new OperationRefused(new Error(detail));
    // For whoever applies, a batch that may be there is the same as one that is not: the ids tell when it comes again.
    if (code === 'outcome-unknown') throw new StrataError('unavailable', detail);
    throw errorOf(result.failure);
  }
}

/** The entry or tombstone an applied operation left, from the operation itself: values do not travel back. */
function storedBy(folded: Folded | undefined): Entry | Tombstone {
  if (folded?.kind !== 'settled' || folded.record.outcome.status !== 'applied') throw new Error('no write here');
  const { operation, record } = folded;
  const { version, expiresAt } = folded.record.outcome;
  if (operation.action === 'settle' || version === undefined) throw new Error('no write here');
  const { key } = operation;
  if (operation.action === 'delete') return { key, version, deletedAt: record.settledAt };
  const { value, contentType, meta } = operation;
  return { key, value, contentType, meta, version, modifiedAt: record.settledAt, expiresAt };
}
