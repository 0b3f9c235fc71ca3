import {
  type DeadLetter,
  encodeOperations,
  type OperationQueue,
  type PartitionSubscription,
  type QueueDepth,
  type QueuedOperation,
  type QueueListener,
  StrataError,
} from '@stratakv/core';
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
}

/** The queue of the embedded mode: a table of the same database, written in the same transactions. */
export class SqliteOperationQueue implements OperationQueue {
  readonly #writer: Writer;
  readonly #readPage: PageReader;
  readonly #partitions = new Map<number, PartitionQueue>();
  readonly #maxBytes: number;
  #deadLetters: number;
  #bytesBeingQueued = 0;
  #failure: StrataError | undefined;

  constructor(writer: Writer, reader: SqliteEntryReader, { maxBytes, ends, deadLetters }: QueueOptions) {
    this.#writer = writer;
    this.#readPage = reader.queuePage.bind(reader);
    this.#maxBytes = maxBytes;
    this.#deadLetters = deadLetters;
    for (const end of ends) this.#partitions.set(end.partition, new PartitionQueue(end, this.#readPage, writer));
  }

  async publish(partition: number, operations: readonly QueuedOperation[]): Promise<void> {
    const body = encodeOperations(operations);
    if (this.#bytes() + this.#bytesBeingQueued + body.length > this.#maxBytes) {
      throw new StrataError('overloaded', 'The queue of writes is full.', { extensions: { retryAfterSeconds: 2 } });
    }
    const queue = this.#partition(partition);
    const sequence = queue.reserve();
    const isGrowth = operations.some((operation) => operation.action === 'put');
    this.#bytesBeingQueued += body.length;
    const result = await this.#writer.run({ kind: 'append', partition, sequence, body, isGrowth });
    this.#bytesBeingQueued -= body.length;
    this.#failure = 'failure' in result ? errorOf(result.failure) : undefined;
    if (this.#failure !== undefined) throw this.#failure;
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

  /** Rejects with the failure of the last publish, as long as none has succeeded since. */
  async check(): Promise<void> {
    if (this.#writer.death !== undefined) {
      throw new StrataError('unavailable', 'The database thread has died.', { cause: this.#writer.death });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    for (const queue of this.#partitions.values()) queue.close();
  }

  #partition(partition: number): PartitionQueue {
    let queue = this.#partitions.get(partition);
    if (queue === undefined) {
      queue = new PartitionQueue({ partition, last: 0, messages: 0, bytes: 0 }, this.#readPage, this.#writer);
      this.#partitions.set(partition, queue);
    }
    return queue;
  }

  #bytes(): number {
    let bytes = 0;
    for (const queue of this.#partitions.values()) bytes += queue.bytes;
    return bytes;
  }
}
