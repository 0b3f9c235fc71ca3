import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  defaultPartitionCount,
  type EntryReader,
  type OperationQueue,
  type OperationRecord,
  operationPartition,
  type PutOperation,
} from '@stratakv/core';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';

const partitions = Array.from({ length: defaultPartitionCount }, (_, partition) => partition);
const everyMs = 100;

interface Written {
  readonly operation: PutOperation;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** What became of the writes of a stream. */
export interface StreamReport {
  readonly writes: number;
  /** Longest time from the acceptance of a write to its outcome, milliseconds. */
  readonly slowestMs: number;
  /** The same for each partition. */
  readonly slowestByPartition: ReadonlyMap<number, number>;
}

/**
 * Queues a write to every partition ten times a second, each to a key of its own, until it is stopped. Then each of
 * them must have been applied, and only once: applied a second time, an entry would have another version than the log.
 */
export class WriteStream {
  readonly #queue: OperationQueue;
  readonly #reader: EntryReader;
  readonly #written: Written[] = [];
  readonly #writing: Promise<void>;
  #isStopped = false;

  private constructor(queue: OperationQueue, reader: EntryReader) {
    this.#queue = queue;
    this.#reader = reader;
    this.#writing = this.#write();
  }

  static start(queue: OperationQueue, reader: EntryReader): WriteStream {
    return new WriteStream(queue, reader);
  }

  /** Waits until a round of writes after this call, and all before, have outcomes, at most `withinMs` milliseconds. */
  async caughtUp(withinMs: number): Promise<void> {
    const wanted = this.#written.length + 2 * defaultPartitionCount;
    await eventually('there are writes', () => this.#isStopped || this.#written.length >= wanted, withinMs);
    const ids = this.#written.map(({ operation }) => operation.id);
    await eventually(
      'all that was queued has an outcome',
      async () => (await this.#records(ids)).every((record) => record !== undefined),
      withinMs,
    );
  }

  /** Stops, waits for every outcome, and checks them. */
  async stop(withinMs = 20_000): Promise<StreamReport> {
    this.#isStopped = true;
    await this.#writing;
    await this.caughtUp(withinMs);
    const records = await this.#records(this.#written.map(({ operation }) => operation.id));
    const slowestByPartition = new Map<number, number>();
    for (const [index, { operation, acceptedAt }] of this.#written.entries()) {
      const record = records[index];
      assert.equal(record?.outcome.status, 'applied', `${operation.key} was not applied`);
      const partition = operationPartition(operation.id);
      const tookMs = (record?.settledAt ?? 0) - acceptedAt;
      slowestByPartition.set(partition, Math.max(tookMs, slowestByPartition.get(partition) ?? 0));
    }
    await this.#checkVersions(records);
    return { writes: records.length, slowestMs: Math.max(...slowestByPartition.values()), slowestByPartition };
  }

  async #write(): Promise<void> {
    while (!this.#isStopped) {
      const startedAt = performance.now();
      await Promise.all(partitions.map((partition) => this.#put(partition)));
      await delay(Math.max(0, startedAt + everyMs - performance.now()));
    }
  }

  async #put(partition: number): Promise<void> {
    const operation = putOf(keyIn(partition, `${process.pid}-${this.#written.length}-${partition}`), 'value');
    await this.#queue.publish(partition, [operation]);
    this.#written.push({ operation, acceptedAt: Date.now() });
  }

  async #records(ids: readonly PutOperation['id'][]): Promise<(OperationRecord | undefined)[]> {
    const records: (OperationRecord | undefined)[] = [];
    for (let from = 0; from < ids.length; from += 1000) {
      records.push(...(await this.#reader.operations(ids.slice(from, from + 1000))));
    }
    return records;
  }

  async #checkVersions(records: readonly (OperationRecord | undefined)[]): Promise<void> {
    for (let from = 0; from < records.length; from += 1000) {
      const keys = this.#written.slice(from, from + 1000).map(({ operation }) => operation.key);
      const { entries } = await this.#reader.batchGet(keys);
      for (const [index, entry] of entries.entries()) {
        const outcome = records[from + index]?.outcome;
        assert.ok(outcome?.status === 'applied');
        assert.equal(entry?.version, outcome.version, `${keys[index]} was applied more than once`);
      }
    }
  }
}
