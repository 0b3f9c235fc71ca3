import {
  type DeadLetter,
  encodeOperations,
  type OperationQueue,
  operationCreatedAt,
  type PartitionSubscription,
  type QueueDepth,
  type QueuedOperation,
  type QueueListener,
  StrataError,
} from '@stratakv/core';
import type { DamageWatch } from './damage-watch.ts';
import type { SqliteEntryReader } from './entry-reader.ts';
import { type PageReader, PartitionQueue } from './partition-queue.ts';
import type { QueueEnd } from './queue-table.ts';
import { errorOf } from './thread.ts';
import type { Writer } from './writer.ts';

export interface QueueOptions {
  /** Bound on what waits, over all partitions, bytes; more is refused as `overloaded`. */
  readonly maxBytes: number;
  /** What was there when the store was opened. */
  readonly ends: readonly QueueEnd[];
  readonly deadLetters: number;
  readonly damage: DamageWatch;
  /** How far back the operations log is whole: milliseconds since 1970. */
  readonly logHorizon: () => number;
}

/** What the row of an operation takes with its indexes, and what is left unused in pages for it. */
const rowBytes = 1024;

/** Room without which the store counts as full, though a smaller put would still be taken. */
const probeBytes = 128 * 1024;

const nothing = { last: 0, messages: 0, operations: 0, bytes: 0 };

/** The queue of the embedded mode: a table of the same database, written in the same transactions. */
export class SqliteOperationQueue implements OperationQueue {
  readonly #writer: Writer;
  readonly #readPage: PageReader;
  readonly #partitions = new Map<number, PartitionQueue>();
  readonly #maxBytes: number;
  #deadLetters: number;
  #bytesBeingQueued = 0;
  #operationsBeingQueued = 0;
  readonly #damage: DamageWatch;
  readonly #logHorizon: () => number;

  constructor(writer: Writer, reader: SqliteEntryReader, options: QueueOptions) {
    const { maxBytes, ends, deadLetters, damage, logHorizon } = options;
    this.#damage = damage;
    this.#logHorizon = logHorizon;
    this.#writer = writer;
    this.#readPage = reader.queuePage.bind(reader);
    this.#maxBytes = maxBytes;
    this.#deadLetters = deadLetters;
    for (const end of ends) this.#partitions.set(end.partition, new PartitionQueue(end, this.#readPage, writer));
  }

  async publish(partition: number, operations: readonly QueuedOperation[]): Promise<void> {
    this.#damage.check();
    this.#checkAge(operations);
    const body = encodeOperations(operations);
    if (this.#bytes() + this.#bytesBeingQueued + body.length > this.#maxBytes) {
      throw new StrataError('overloaded', 'The queue of writes is full.', { extensions: { retryAfterSeconds: 2 } });
    }
    const queue = this.#partition(partition);
    const sequence = queue.reserve();
    const needs = {
      bytes: 2 * body.length + operations.length * rowBytes,
      backlogBytes: this.#backlogBytes(),
      isGrowth: operations.some((operation) => operation.action === 'put'),
    };
    this.#bytesBeingQueued += body.length;
    this.#operationsBeingQueued += operations.length;
    const result = await this.#writer.run({ kind: 'append', partition, sequence, body, needs });
    this.#bytesBeingQueued -= body.length;
    this.#operationsBeingQueued -= operations.length;
    if ('failure' in result) throw errorOf(result.failure);
    queue.appended(sequence, body);
  }

  async subscribe(partition: number, listener: QueueListener): Promise<PartitionSubscription> {
    return this.#partition(partition).subscribe(listener);
  }

  async deadLetter(letter: DeadLetter): Promise<void> {
    const result = await this.#writer.run({ kind: 'set-aside', letter });
    if ('failure' in result) throw errorOf(result.failure);
    this.#deadLetters += 1;
  }

  async depth(): Promise<QueueDepth> {
    const queues = [...this.#partitions.values()];
    const messages = queues.reduce((sum, queue) => sum + queue.messages, 0);
    return { messages, bytes: this.#bytes(), deadLetters: this.#deadLetters };
  }

  /** Tries whether a put would be taken now. */
  async check(): Promise<void> {
    this.#damage.check();
    const needs = { bytes: probeBytes, backlogBytes: this.#backlogBytes(), isGrowth: true };
    const result = await this.#writer.run({ kind: 'probe', needs });
    if ('failure' in result) throw errorOf(result.failure);
  }

  async close(): Promise<void> {
    for (const queue of this.#partitions.values()) queue.close();
  }

  /**
   * Refuses what would never be applied: a write from before the log's horizon, with no row in it. A marker is let
   * through, for it changes nothing.
   */
  #checkAge(operations: readonly QueuedOperation[]): void {
    const horizon = this.#logHorizon();
    if (operations.every(({ action, id }) => action === 'settle' || operationCreatedAt(id) >= horizon)) return;
    throw new StrataError('unavailable', 'The clock of this store is behind what its log has dropped.');
  }

  #partition(partition: number): PartitionQueue {
    let queue = this.#partitions.get(partition);
    if (queue === undefined) {
      queue = new PartitionQueue({ partition, ...nothing }, this.#readPage, this.#writer);
      this.#partitions.set(partition, queue);
    }
    return queue;
  }

  /** What applying all that was accepted will take: each message once more, and for each operation in it the rows. */
  #backlogBytes(): number {
    let operations = this.#operationsBeingQueued;
    for (const queue of this.#partitions.values()) operations += queue.operations;
    return this.#bytes() + this.#bytesBeingQueued + operations * rowBytes;
  }

  #bytes(): number {
    let bytes = 0;
    for (const queue of this.#partitions.values()) bytes += queue.bytes;
    return bytes;
  }
}
