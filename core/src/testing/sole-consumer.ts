import assert from 'node:assert/strict';
import type { Folded } from '../fold.ts';
import type { QueuedOperation } from '../operation.ts';
import { operationPartition } from '../operation-id.ts';
import type { Outcome } from '../outcome.ts';
import type { ApplyResult, EntryStore, Fence } from '../ports/entry-store.ts';

/** A consumer that has every partition to itself: raises a partition's fence when it first needs it. */
export class SoleConsumer {
  readonly #store: EntryStore;
  readonly #fences = new Map<number, Fence>();

  constructor(store: EntryStore) {
    this.#store = store;
  }

  /** The fence it holds on a partition. */
  async fence(partition: number): Promise<Fence> {
    const held = this.#fences.get(partition);
    if (held !== undefined) return held;
    const { token } = await this.#store.raiseFence(partition);
    const fence = { partition, token };
    this.#fences.set(partition, fence);
    return fence;
  }

  /** Applies operations as one batch. Fails the test when a fence is refused. */
  async apply(...operations: readonly QueuedOperation[]): Promise<ApplyResult> {
    const partitions = new Set(operations.map(({ id }) => operationPartition(id)));
    const fences: Fence[] = [];
    for (const partition of partitions) fences.push(await this.fence(partition));
    const result = await this.#store.apply({ fences, operations });
    assert.deepEqual(result.refused, []);
    assert.deepEqual(
      result.folded.map(({ operation }) => operation.id),
      operations.map(({ id }) => id),
    );
    return result;
  }

  /** Applies one operation as a batch of its own and returns what became of it. */
  async applyOne(operation: QueuedOperation): Promise<Folded> {
    const { folded } = await this.apply(operation);
    assert.ok(folded[0]);
    return folded[0];
  }

  /** Applies one operation that must come to be applied, and change something; returns its version. */
  async version(operation: QueuedOperation): Promise<number> {
    const outcome = outcomeOf(await this.applyOne(operation));
    assert.ok(outcome.status === 'applied' && outcome.version !== undefined, JSON.stringify(outcome));
    return outcome.version;
  }
}

/** The outcome of an operation that was settled or known. */
export function outcomeOf(folded: Folded | undefined): Outcome {
  assert.ok(folded !== undefined && folded.kind !== 'refused', 'the operation has an outcome');
  return folded.record.outcome;
}
