import type { PartitionSubscription, QueueListener } from '@stratakv/core';
import { countOperations, type QueuedMessage, type QueueEnd, type Removed } from './queue-table.ts';
import { errorOf } from './thread.ts';
import type { Writer } from './writer.ts';

/** Reads messages of a partition after a sequence number, in order. */
export type PageReader = (
  partition: number,
  after: number,
  limit: number,
  maxBytes: number,
) => Promise<readonly QueuedMessage[]>;

// What a subscriber may hold unacked, so that a long backlog stays on disk.
const prefetchMessages = 1000;
const prefetchBytes = 8 * 1024 * 1024;

/**
 * One partition's queue. A message goes straight to a subscriber that has all before it, as soon as it is on disk;
 * one that is behind reads from the table until it has caught up.
 */
export class PartitionQueue {
  messages: number;
  operations: number;
  bytes: number;
  readonly #partition: number;
  readonly #readPage: PageReader;
  readonly #writer: Pick<Writer, 'run'>;
  /** Sequence number of the last message on disk. */
  #last: number;
  #reserved: number;
  #active: Subscription | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(end: QueueEnd, readPage: PageReader, writer: Pick<Writer, 'run'>) {
    this.#partition = end.partition;
    this.#last = end.last;
    this.#reserved = end.last;
    this.messages = end.messages;
    this.operations = end.operations;
    this.bytes = end.bytes;
    this.#readPage = readPage;
    this.#writer = writer;
  }

  /** The sequence number of the next message. Not every number comes to be used. */
  reserve(): number {
    this.#reserved += 1;
    return this.#reserved;
  }

  /** A message is on disk. */
  appended(sequence: number, body: Uint8Array): void {
    this.messages += 1;
    this.operations += countOperations(body, body.length);
    this.bytes += body.length;
    const hasAll = this.#active?.delivered === this.#last;
    this.#last = sequence;
    if (this.#active === undefined) return;
    if (hasAll && this.#active.hasRoom) this.#active.deliver({ sequence, body });
    else void this.#catchUp(this.#active);
  }

  /** Waits until the subscriber before has closed, then delivers from the first message that is not acked. */
  async subscribe(listener: QueueListener): Promise<PartitionSubscription> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    const subscription = new Subscription(this.#partition, listener, this.#last);
    this.#active = subscription;
    void this.#catchUp(subscription);
    return {
      ack: (tag) => this.#ack(subscription, tag),
      close: async () => {
        subscription.isClosed = true;
        if (this.#active === subscription) this.#active = undefined;
        resolve();
      },
    };
  }

  close(): void {
    if (this.#active !== undefined) this.#active.isClosed = true;
    this.#active = undefined;
  }

  async #ack(subscription: Subscription, tag: number): Promise<void> {
    if (subscription.isClosed) return;
    subscription.take(tag);
    void this.#catchUp(subscription);
    const result = await this.#writer.run({ kind: 'remove', partition: this.#partition, throughSequence: tag });
    // What could not be removed comes again to whoever subscribes next, where its outcome is found.
    if ('failure' in result) throw errorOf(result.failure);
    // Counted by the database: one that was acked twice, over two subscriptions, went once.
    const removed = result.value as Removed;
    this.messages -= removed.messages;
    this.operations -= removed.operations;
    this.bytes -= removed.bytes;
  }

  async #catchUp(subscription: Subscription): Promise<void> {
    if (subscription.isReading) return;
    subscription.isReading = true;
    while (!subscription.isClosed && subscription.hasRoom && subscription.delivered < this.#last) {
      const { delivered } = subscription;
      const last = this.#last;
      const page = await this.#readPage(this.#partition, delivered, prefetchMessages, prefetchBytes).catch(
        (error: Error) => error,
      );
      if (subscription.isClosed) return;
      if (page instanceof Error) {
        this.#lose(subscription, page);
        return;
      }
      // All up to `last` was on disk before the page was read, so it has been acked; what came since is read next.
      if (page.length === 0) subscription.delivered = last;
      for (const message of page) if (!subscription.isClosed) subscription.deliver(message);
    }
    subscription.isReading = false;
  }

  #lose(subscription: Subscription, cause: Error): void {
    subscription.isClosed = true;
    subscription.listener.onLost(cause);
  }
}

class Subscription {
  readonly listener: QueueListener;
  readonly #partition: number;
  /** Sequence number of the last message on disk when it began: one before may have been handed to another. */
  readonly #began: number;
  /** Sequence number of the last message handed over. */
  delivered = 0;
  isClosed = false;
  isReading = false;
  #outstanding: { readonly sequence: number; readonly bytes: number }[] = [];
  #outstandingBytes = 0;

  constructor(partition: number, listener: QueueListener, began: number) {
    this.#began = began;
    this.#partition = partition;
    this.listener = listener;
  }

  get hasRoom(): boolean {
    return this.#outstanding.length < prefetchMessages && this.#outstandingBytes < prefetchBytes;
  }

  deliver({ sequence, body }: QueuedMessage): void {
    this.delivered = sequence;
    this.#outstanding.push({ sequence, bytes: body.length });
    this.#outstandingBytes += body.length;
    const isRedelivered = sequence <= this.#began;
    this.listener.onDelivery({ partition: this.#partition, tag: sequence, isRedelivered, body });
  }

  /** Forgets the deliveries up to a tag. */
  take(tag: number): void {
    this.#outstanding = this.#outstanding.filter((message) => message.sequence > tag);
    this.#outstandingBytes = this.#outstanding.reduce((sum, message) => sum + message.bytes, 0);
  }
}
