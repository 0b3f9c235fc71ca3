import { StrataError } from '@stratakv/core';
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { closeChannel } from './close-channel.ts';
import { overloaded, unavailable } from './refusal.ts';

export interface QueueChannelOptions {
  /** Messages on their way to the broker; more wait here. */
  readonly windowMessages: number;
  /** When the oldest message has waited this long for its confirm, no more are taken until it has come. */
  readonly stallMs: number;
}

/** A message to be published. */
export interface Outgoing {
  readonly body: Buffer;
  readonly options: Options.Publish;
  readonly resolve: () => void;
  readonly reject: (error: StrataError) => void;
}

/** A message that was given to the channel. */
interface Sent extends Outgoing {
  /** By the monotonic clock. */
  readonly sentAt: number;
  /** Whether the broker said that there is no such queue. */
  isReturned: boolean;
}

/** Frames amqplib may buffer: what waits here instead is certainly not queued when the connection is lost. */
const bufferFrames = 64;
const reopenEveryMs = 1_000;

/**
 * Publishes to one queue, in order, each message once. One channel for each queue: on 3.10, the first message of a
 * channel to a queue whose leader is frozen stops the whole channel until the cluster gives that node up.
 */
export class QueueChannel {
  readonly #queue: string;
  readonly #options: QueueChannelOptions;
  /** By message id, in order. */
  readonly #sent = new Map<string, Sent>();
  readonly #waiting: Outgoing[] = [];
  #connection: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;
  #isFull = false;
  /** Whether to wait until nothing is on its way, and to go on with another channel then. */
  #isSpent = false;
  #isMissing = false;
  #messageIds = 0;
  #openedAt = 0;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(queue: string, options: QueueChannelOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** Messages that have no outcome yet. */
  get unconfirmed(): number {
    return this.#sent.size + this.#waiting.length;
  }

  /** Whether the queue does not confirm what it was given. */
  get isStalled(): boolean {
    const [oldest] = this.#sent.values();
    return oldest !== undefined && performance.now() - oldest.sentAt >= this.#options.stallMs;
  }

  /** Whether the broker said at the last message that there is no such queue. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** Opens a channel on a new connection. */
  async attach(connection: ChannelModel): Promise<void> {
    this.#connection = connection;
    const channel = await connection.createConfirmChannel({ highWaterMark: bufferFrames });
    channel.on('error', () => {});
    channel.on('return', ({ properties }) => {
      const message = this.#sent.get(properties.messageId);
      if (message !== undefined) message.isReturned = true;
    });
    channel.on('drain', () => {
      if (channel !== this.#channel) return;
      this.#isFull = false;
      this.#sendWaiting();
    });
    // Before amqplib's own listener, which ends every message that is not confirmed.
    channel.prependListener('close', () => this.#onClosed(channel));
    this.#isFull = false;
    this.#isSpent = false;
    this.#openedAt = performance.now();
    this.#channel = channel;
    this.#sendWaiting();
  }

  /** The connection is gone, and the channel with it. */
  detach(): void {
    this.#connection = undefined;
    this.refuseWaiting(unavailable('The connection to the broker of the queue was lost.'));
  }

  /** Gives up what is on its way, and goes on with another channel when the broker has closed this one. */
  async renew(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return;
    this.#channel = undefined;
    await closeChannel(channel);
    await this.#openAgain();
  }

  /** Settles the message sooner or later, unless the broker stays silent. */
  publish(message: Outgoing): void {
    if (this.isStalled) {
      message.reject(stalled());
      return;
    }
    this.#waiting.push(message);
    this.#sendWaiting();
    if (this.#waiting.length > 0) this.#watchStall();
  }

  /** Refuses what was not sent yet. */
  refuseWaiting(refusal: StrataError): void {
    for (const message of this.#waiting.splice(0)) message.reject(refusal);
  }

  #sendWaiting(): void {
    let count = 0;
    for (const message of this.#waiting) {
      const channel = this.#channel;
      const hasRoom = !this.#isFull && !this.#isSpent && this.#sent.size < this.#options.windowMessages;
      if (channel === undefined || !hasRoom) break;
      count += 1;
      this.#send(channel, message);
    }
    if (count > 0) this.#waiting.splice(0, count);
  }

  #send(channel: ConfirmChannel, message: Outgoing): void {
    this.#messageIds += 1;
    const messageId = `${this.#messageIds}`;
    const { body, options } = message;
    this.#sent.set(messageId, { ...message, sentAt: performance.now(), isReturned: false });
    const onConfirm = (error: Error | null) => this.#settle(channel, messageId, error);
    try {
      this.#isFull = !channel.publish('', this.#queue, body, { ...options, mandatory: true, messageId }, onConfirm);
    } catch (cause) {
      // amqplib throws before it has written anything.
      this.#sent.delete(messageId);
      message.reject(unavailable('The broker of the queue cannot be reached.', cause));
    }
  }

  #settle(channel: ConfirmChannel, messageId: string, error: Error | null): void {
    const message = this.#sent.get(messageId);
    if (message === undefined) return;
    this.#sent.delete(messageId);
    this.#isMissing = message.isReturned;
    const isRefused = error !== null && channel === this.#channel;
    if (message.isReturned) message.reject(unavailable('The queue is not there.'));
    else if (isRefused) message.reject(overloaded('The queue takes no more writes now.'));
    else if (error === null) message.resolve();
    else message.reject(unknown(error));
    // On 3.10, a channel that knew the queue's leader from before the leader's node died goes on to refuse for ever.
    if (isRefused && performance.now() - this.#openedAt > reopenEveryMs) this.#isSpent = true;
    if (this.#isSpent && this.#sent.size === 0 && channel === this.#channel) this.#reopen(channel);
    this.#sendWaiting();
  }

  #reopen(channel: ConfirmChannel): void {
    this.#channel = undefined;
    void closeChannel(channel);
    void this.#openAgain();
  }

  #onClosed(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.refuseWaiting(unavailable('The channel to the queue was lost.'));
    void this.#openAgain();
  }

  async #openAgain(): Promise<void> {
    // When the whole connection goes, its channels go first.
    await new Promise(setImmediate);
    // It fails with its connection; the next one opens another.
    if (this.#connection !== undefined) await this.attach(this.#connection).catch(() => {});
  }

  #watchStall(): void {
    this.#stallTimer ??= setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.isStalled || this.#channel === undefined) this.refuseWaiting(stalled());
      else if (this.#waiting.length > 0) this.#watchStall();
    }, this.#options.stallMs);
  }
}

function stalled(): StrataError {
  return unavailable('The queue has not confirmed the writes before this one.');
}

function unknown(cause: Error): StrataError {
  return new StrataError('outcome-unknown', 'The connection was lost before the queue confirmed the write.', { cause });
}
