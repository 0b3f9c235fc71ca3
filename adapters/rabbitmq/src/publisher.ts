import { StrataError } from '@stratakv/core';
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import type { Link } from './link.ts';
import { probe } from './probe.ts';
import { overloaded, unavailable } from './refusal.ts';

export interface PublisherOptions {
  /** Bound on what is published and not confirmed, bytes; one message is always taken. */
  readonly maxUnconfirmedBytes: number;
  /** A queue whose oldest message waits longer than this for its confirm takes no more until that has come. */
  readonly stallMs: number;
}

/** A message on its way. */
interface Unconfirmed {
  readonly queue: string;
  readonly body: Buffer;
  readonly options: Options.Publish;
  /** Time of writing to the channel, by the monotonic clock. */
  sentAt: number;
  /** Whether the broker said that there is no such queue. */
  isReturned: boolean;
  readonly resolve: () => void;
  readonly reject: (error: StrataError) => void;
}

/** Frames amqplib may buffer: what waits here instead is certainly not queued when the connection is lost. */
const channelBufferFrames = 128;

/**
 * Publishes to quorum queues, each message once, and waits for the broker's confirm. What is sure to have failed is
 * `unavailable` or `overloaded`; what was on its way when the channel ended is `outcome-unknown`.
 */
export class Publisher {
  readonly #link: Link;
  readonly #options: PublisherOptions;
  readonly #sent = new Map<string, Unconfirmed>();
  readonly #sentByQueue = new Map<string, Set<Unconfirmed>>();
  /** In order, until the channel has room. */
  readonly #waiting: Unconfirmed[] = [];
  #channel: ConfirmChannel | undefined;
  #isChannelFull = false;
  #messageIds = 0;
  #unconfirmedBytes = 0;
  #probing: Promise<void> | undefined;

  constructor(link: Link, options: PublisherOptions) {
    this.#link = link;
    this.#options = options;
    void link.attach((connection) => this.#attach(connection));
  }

  /**
   * Puts a message at the end of a queue. Resolves when a majority of its nodes has it.
   *
   * @throws StrataError `overloaded` or `unavailable`: certainly not queued; `outcome-unknown`: may or may not be
   */
  publish(queue: string, body: Buffer, headers?: Readonly<Record<string, unknown>>): Promise<void> {
    const refusal = this.refusal ?? this.#refusalFor(queue, body.length);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#messageIds += 1;
      const options = { mandatory: true, persistent: true, messageId: `${this.#messageIds}`, headers };
      const message = { queue, body, options, sentAt: 0, isReturned: false, resolve, reject };
      this.#unconfirmedBytes += body.length;
      if (this.#isChannelFull) this.#waiting.push(message);
      else this.#send(message);
    });
  }

  /** Why nothing can be published now; undefined: it can. */
  get refusal(): StrataError | undefined {
    const reason = this.#link.blockedBecause;
    if (this.#link.isClosed) return unavailable('The queue is closed.');
    if (this.#channel === undefined) return unavailable('The broker of the queue cannot be reached.');
    if (reason !== undefined) return overloaded(`The broker of the queue takes no writes now: ${reason}.`, 5);
    return undefined;
  }

  /**
   * Tries whether something can be published.
   *
   * @throws StrataError when not
   */
  async check(): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
    for (const queue of this.#sentByQueue.keys()) {
      const refusal = this.#stall(queue);
      if (refusal !== undefined) throw refusal;
    }
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    await this.#probing;
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** Messages and bytes that are published and not confirmed yet. */
  get unconfirmed(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#sent.size + this.#waiting.length, bytes: this.#unconfirmedBytes };
  }

  async #probe(): Promise<void> {
    const [connection, channel] = [this.#link.connection, this.#channel];
    if (connection !== undefined && channel !== undefined) await probe(connection, channel);
  }

  #refusalFor(queue: string, bytes: number): StrataError | undefined {
    if (this.#unconfirmedBytes > 0 && this.#unconfirmedBytes + bytes > this.#options.maxUnconfirmedBytes) {
      return overloaded('Too many writes wait for the confirm of the queue.');
    }
    return this.#stall(queue);
  }

  #stall(queue: string): StrataError | undefined {
    const [oldest] = this.#sentByQueue.get(queue) ?? [];
    if (oldest === undefined || performance.now() - oldest.sentAt < this.#options.stallMs) return undefined;
    return unavailable('The queue has not confirmed the writes before this one.');
  }

  async #attach(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel({ highWaterMark: channelBufferFrames });
    // The close event follows, and says all there is to do.
    channel.on('error', () => {});
    channel.on('return', ({ properties }) => {
      const message = this.#sent.get(properties.messageId);
      if (message !== undefined) message.isReturned = true;
    });
    channel.on('drain', () => this.#drain(channel));
    // Before amqplib's own listener, which ends every message that is not confirmed.
    channel.prependListener('close', () => this.#detach(channel));
    connection.on('blocked', (reason) =>
      this.#refuseWaiting(overloaded(`The broker takes no writes now: ${reason}.`, 5)),
    );
    // With an alarm at the broker, the first message would be stuck. It is not to be somebody's write.
    await probe(connection, channel).catch(() => {});
    this.#isChannelFull = false;
    this.#channel = channel;
  }

  #detach(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#refuseWaiting(unavailable('The connection to the broker of the queue was lost.'));
    // Alone, the channel ends only for a fault of ours; with the connection this does nothing.
    this.#link.drop(new Error('the channel for publishing was closed'));
  }

  #drain(channel: ConfirmChannel): void {
    if (channel !== this.#channel) return;
    this.#isChannelFull = false;
    let count = 0;
    for (const message of this.#waiting) {
      if (this.#isChannelFull) break;
      count += 1;
      this.#send(message);
    }
    this.#waiting.splice(0, count);
  }

  #refuseWaiting(refusal: StrataError): void {
    for (const message of this.#waiting.splice(0)) {
      this.#unconfirmedBytes -= message.body.length;
      message.reject(refusal);
    }
  }

  #send(message: Unconfirmed): void {
    const channel = this.#channel;
    const { queue, body, options } = message;
    message.sentAt = performance.now();
    this.#add(message);
    try {
      if (channel === undefined) throw new Error('there is no channel');
      const hasRoom = channel.publish('', queue, body, options, (error) => this.#settle(message, channel, error));
      this.#isChannelFull = !hasRoom;
    } catch (cause) {
      // amqplib throws before it has written anything.
      this.#remove(message);
      message.reject(unavailable('The broker of the queue cannot be reached.', cause));
    }
  }

  #settle(message: Unconfirmed, channel: ConfirmChannel, error: Error | null): void {
    this.#remove(message);
    if (message.isReturned) message.reject(unavailable('The queue is not there.'));
    else if (error === null) message.resolve();
    else if (channel === this.#channel) message.reject(overloaded('The queue is full.'));
    else message.reject(unknown(error));
  }

  #add(message: Unconfirmed): void {
    this.#sent.set(message.options.messageId ?? '', message);
    const queued = this.#sentByQueue.get(message.queue);
    if (queued === undefined) this.#sentByQueue.set(message.queue, new Set([message]));
    else queued.add(message);
  }

  #remove(message: Unconfirmed): void {
    this.#unconfirmedBytes -= message.body.length;
    this.#sent.delete(message.options.messageId ?? '');
    this.#sentByQueue.get(message.queue)?.delete(message);
  }
}

function unknown(cause: Error): StrataError {
  return new StrataError('outcome-unknown', 'The connection was lost before the queue confirmed the write.', { cause });
}
