import type { PartitionSubscription, QueueListener } from '@stratakv/core';
import type { QueuedMessage, QueueEnd } from './queue-table.ts';
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
  bytes: number;
  readonly #partition: number;
  readonly #readPage: PageReader;
  readonly #writer: Writer;
  /** Sequence number of the last message on disk. */
  #last: number;
  #reserved: number;
  #active: Subscription | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(end: QueueEnd, readPage: PageReader, writer: Writer) {
    this.#partition = end.partition;
    this.#last = end.last;
    this.#reserved = end.last;
    this.messages = end.messages;
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
    const subscription = new Subscription(this.#partition, listener);
    this.#active = subscription;
    void this.#catchUp(subscription);
    return {
      ack: (tag) => this.#ack(subscription, tag),
      close: async () => {
        if (subscription.isClosed) return;
        subscription.isClosed = true;
        this.#active = undefined;
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
    const taken = subscription.take(tag);
    void this.#catchUp(subscription);
    const result = await this.#writer.run({ kind: 'remove', partition: this.#partition, throughSequence: tag });
    // What could not be removed comes again after a restart, where its outcome is found.
    if ('failure' in result) return;
    this.messages -= taken.messages;
    this.bytes -= taken.bytes;
  }

  async #catchUp(subscription: Subscription): Promise<void> {
    if (subscription.isReading) return;
    subscription.isReading = true;
    while (!subscription.isClosed && subscription.hasRoom && subscription.delivered < this.#last) {
      const page = await this.#readPage(this.#partition, subscription.delivered, prefetchMessages, prefetchBytes).catch(
        (error: Error) => error,
      );
      if (subscription.isClosed) return;
      if (page instanceof Error) {
        this.#lose(subscription, page);
        return;
      }
      if (page.length === 0) break;
      for (const message of page) subscription.deliver(message);
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
  /** Sequence number of the last message handed over. */
  delivered = 0;
  isClosed = false;
  isReading = false;
  #outstanding: { readonly sequence: number; readonly bytes: number }[] = [];
  #outstandingBytes = 0;

  constructor(partition: number, listener: QueueListener) {
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
    this.listener.onDelivery({ partition: this.#partition, tag: sequence, body });
  }

  /** Forgets the deliveries up to a tag; says how much that was. */
  take(tag: number): { messages: number; bytes: number } {
    const kept = this.#outstanding.filter((message) => message.sequence > tag);
    const messages = this.#outstanding.length - kept.length;
    const keptBytes = kept.reduce((sum, message) => sum + message.bytes, 0);
    const bytes = this.#outstandingBytes - keptBytes;
    this.#outstanding = kept;
    this.#outstandingBytes = keptBytes;
    return { messages, bytes };
  }
}
