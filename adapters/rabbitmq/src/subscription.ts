import { type PartitionSubscription, type QueueListener, StrataError } from '@stratakv/core';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Acks } from './acks.ts';
import { Backlog } from './backlog.ts';
import { closeChannel } from './close-channel.ts';
import { HeldMessages } from './held-messages.ts';
import { unavailable } from './refusal.ts';

/** The broker's code for a queue that is not there. */
const notFound = 404;

export interface SubscriptionOptions {
  readonly queue: string;
  readonly partition: number;
  readonly listener: QueueListener;
  /** Messages the broker hands over before the first ack. */
  readonly prefetch: number;
  /** Told the size of each message. */
  readonly onMessage: (bytes: number) => void;
  /** Told when the queue is not there. */
  readonly onMissing: () => void;
}

/**
 * The consumer of one partition: a channel of its own, which is also how it is given up. Closing a channel returns all
 * it had at once and in order; cancelling or a nack would let the next one start in the middle.
 */
export class Subscription implements PartitionSubscription {
  readonly #channel: Channel;
  readonly #options: SubscriptionOptions;
  readonly #held = new HeldMessages();
  readonly #backlog: Backlog;
  readonly #acks: Acks;
  #isOpen = true;
  /** Whether whoever subscribed has it, and is to be told of its end. */
  #isHandedOut = false;

  private constructor(channel: Channel, backlog: Backlog, options: SubscriptionOptions) {
    this.#channel = channel;
    this.#backlog = backlog;
    this.#options = options;
    this.#acks = new Acks(channel, options.prefetch);
  }

  /** @throws StrataError `unavailable` when the queue is not there or the connection was lost */
  static async open(connection: ChannelModel, options: SubscriptionOptions): Promise<Subscription> {
    let channel: Channel | undefined;
    try {
      channel = await connection.createChannel();
      return await Subscription.#begin(channel, options);
    } catch (cause) {
      if (channel !== undefined) await closeChannel(channel);
      if (cause instanceof Error && 'code' in cause && cause.code === notFound) options.onMissing();
      throw unavailable('The queue of a partition cannot be subscribed to.', cause);
    }
  }

  static async #begin(channel: Channel, options: SubscriptionOptions): Promise<Subscription> {
    const { queue, prefetch } = options;
    let cause: Error | undefined;
    channel.on('error', (error) => {
      cause = error;
    });
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    const count = async () => (await channel.checkQueue(queue)).messageCount;
    const backlog = new Backlog(messageCount, consumerCount, count);
    const subscription = new Subscription(channel, backlog, options);
    channel.on('close', () => subscription.#lose(cause ?? new Error('the connection to the broker was lost')));
    await channel.prefetch(prefetch);
    await channel.consume(queue, (message) => subscription.#receive(message));
    if (!subscription.#isOpen) throw cause ?? new Error('it ended at once');
    subscription.#isHandedOut = true;
    return subscription;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What it has delivered and not acked. */
  get held(): { readonly messages: number; readonly bytes: number } {
    return this.#held;
  }

  /** Resolves when the broker has it. */
  async ack(tag: number): Promise<void> {
    if (!this.#isOpen) throw new StrataError('unavailable', 'The subscription has ended.');
    const upTo = Math.min(tag, this.#held.lastTag);
    const messages = this.#held.take(upTo);
    if (messages === 0) return;
    try {
      await this.#acks.add(upTo, messages);
    } catch (cause) {
      throw unavailable('The connection was lost before an ack was through.', cause);
    }
  }

  async close(): Promise<void> {
    if (!this.#end()) return;
    // What was acked before does not come again.
    await this.#acks.flush();
    await closeChannel(this.#channel);
  }

  #receive(message: ConsumeMessage | null): void {
    if (!this.#isOpen) return;
    if (message === null) {
      this.#lose(new Error('the broker has ended the subscription'));
      return;
    }
    const { content: body, fields } = message;
    const isRedelivered = this.#backlog.wasThere(fields.redelivered);
    this.#held.add(fields.deliveryTag, body.length);
    const { partition, listener, onMessage } = this.#options;
    onMessage(body.length);
    listener.onDelivery({ partition, tag: fields.deliveryTag, isRedelivered, body });
  }

  #lose(cause: Error): void {
    if (!this.#end()) return;
    void closeChannel(this.#channel);
    if (!this.#isHandedOut) return;
    this.#options.listener.onLost(unavailable('The partition was lost.', cause));
  }

  /** False when it had ended before. */
  #end(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    return wasOpen;
  }
}
