import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  defaultPartitionCount,
  type EntryReader,
  type OperationQueue,
  type OperationRecord,
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
}

/**
 * Queues a write to every partition ten times a second, each to a key of its own, until it is stopped. Then each of
 * them must have been applied, and only once: applied a second time, an entry would have another version than the log.
 */
export class WriteStream {
  readonly #queue: OperationQueue;
  readonly #reader: EntryReader;
  readonly #written: Written[] = [];
  /** The outcomes of the first so many of them. */
  readonly #records: OperationRecord[] = [];
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
    const wanted = this.#isStopped ? this.#written.length : this.#written.length + 2 * defaultPartitionCount;
    await eventually(`${wanted} writes have outcomes`, async () => (await this.#settledInRow()) >= wanted, withinMs);
  }

  /** Stops, waits for every outcome, and checks them. */
  async stop(withinMs = 20_000): Promise<StreamReport> {
    this.#isStopped = true;
    await this.#writing;
    await this.caughtUp(withinMs);
    let slowestMs = 0;
    for (const [index, { operation, acceptedAt }] of this.#written.entries()) {
      const record = this.#records[index];
      assert.equal(record?.outcome.status, 'applied', `${operation.key} was not applied`);
      slowestMs = Math.max(slowestMs, (record?.settledAt ?? 0) - acceptedAt);
    }
    await this.#checkVersions();
    return { writes: this.#written.length, slowestMs };
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

  /** How many writes, from the first on without a gap, have outcomes. */
  async #settledInRow(): Promise<number> {
    const pending = this.#written.slice(this.#records.length, this.#records.length + 1000);
    const records = await this.#reader.operations(pending.map(({ operation }) => operation.id));
    const gap = records.indexOf(undefined);
    for (const record of gap < 0 ? records : records.slice(0, gap))
      if (record !== undefined) this.#records.push(record);
    return this.#records.length;
  }

  async #checkVersions(): Promise<void> {
    for (let from = 0; from < this.#written.length; from += 1000) {
      const keys = this.#written.slice(from, from + 1000).map(({ operation }) => operation.key);
      const { entries } = await this.#reader.batchGet(keys);
      for (const [index, entry] of entries.entries()) {
        const outcome = this.#records[from + index]?.outcome;
        assert.ok(outcome?.status === 'applied');
        assert.equal(entry?.version, outcome.version, `${keys[index]} was applied more than once`);
      }
    }
  }
}
