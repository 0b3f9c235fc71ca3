import type { StrataError } from '@stratakv/core';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Link } from './link.ts';
import { MajorityWatch, type MajorityWatchOptions } from './majority-watch.ts';
import { probe } from './probe.ts';
import { QueueChannel } from './queue-channel.ts';
import { overloaded, unavailable } from './refusal.ts';

export interface PublisherOptions extends MajorityWatchOptions {
  /** The queues that are published to. */
  readonly queues: readonly string[];
  /** Bound on what is published and not confirmed, bytes; one message is always taken. */
  readonly maxUnconfirmedBytes: number;
}

/**
 * Publishes to quorum queues, each message once, and waits for the broker's confirm. What is sure to have failed is
 * `unavailable` or `overloaded`; what was on its way when the channel ended is `outcome-unknown`.
 */
export class Publisher {
  readonly #link: Link;
  readonly #maxUnconfirmedBytes: number;
  readonly #channels: ReadonlyMap<string, QueueChannel>;
  readonly #majority: MajorityWatch;
  #unconfirmedBytes = 0;
  #probeChannel: ConfirmChannel | undefined;
  #probing: Promise<void> | undefined;

  constructor(link: Link, options: PublisherOptions) {
    this.#link = link;
    this.#maxUnconfirmedBytes = options.maxUnconfirmedBytes;
    this.#channels = new Map(options.queues.map((queue) => [queue, new QueueChannel(queue, options)]));
    this.#majority = new MajorityWatch(options);
    void link.attach((connection) => this.#attach(connection));
  }

  /**
   * Puts a message at the end of a queue. Resolves when a majority of its nodes has it.
   *
   * @throws StrataError `overloaded` or `unavailable`: certainly not queued; `outcome-unknown`: may or may not be
   */
  publish(queue: string, body: Buffer, headers?: Readonly<Record<string, unknown>>): Promise<void> {
    const channel = this.#channels.get(queue);
    const refusal = this.refusal ?? this.#boundRefusal(body.length);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (channel === undefined) return Promise.reject(unavailable('There is no such queue.'));
    this.#unconfirmedBytes += body.length;
    return new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#unconfirmedBytes -= body.length;
        end();
      };
      channel.publish({
        body,
        options: { persistent: true, headers },
        resolve: () => {
          this.#majority.confirmed();
          settle(resolve);
        },
        reject: (error) => settle(() => reject(error)),
      });
    });
  }

  /** Why nothing can be published now; undefined: it can. */
  get refusal(): StrataError | undefined {
    if (this.#link.isClosed) return unavailable('The queue is closed.');
    if (this.#link.connection === undefined) return unavailable('The broker of the queue cannot be reached.');
    const reason = this.#link.blockedBecause;
    if (reason !== undefined) return blocked(reason);
    return this.#majority.isAway ? unavailable('No queue confirms anything now.') : undefined;
  }

  /**
   * Tries whether something can be published.
   *
   * @throws StrataError when not
   */
  async check(): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
    for (const channel of this.#channels.values()) {
      if (channel.isStalled) throw unavailable('A queue does not confirm what is written.');
    }
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    await this.#probing;
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** Messages and bytes that are published and not confirmed yet. */
  get unconfirmed(): { readonly messages: number; readonly bytes: number } {
    let messages = 0;
    for (const channel of this.#channels.values()) messages += channel.unconfirmed;
    return { messages, bytes: this.#unconfirmedBytes };
  }

  /** Asks the broker nothing more. */
  close(): void {
    this.#majority.close();
  }

  async #probe(): Promise<void> {
    const [connection, channel] = [this.#link.connection, this.#probeChannel];
    if (connection !== undefined && channel !== undefined) await probe(connection, channel);
  }

  #boundRefusal(bytes: number): StrataError | undefined {
    const isOver = this.#unconfirmedBytes > 0 && this.#unconfirmedBytes + bytes > this.#maxUnconfirmedBytes;
    return isOver ? overloaded('Too many writes wait for the confirm of the queue.') : undefined;
  }

  async #attach(connection: ChannelModel): Promise<void> {
    connection.on('blocked', (reason) => {
      for (const channel of this.#channels.values()) channel.refuseWaiting(blocked(reason));
    });
    connection.on('close', () => {
      for (const channel of this.#channels.values()) channel.detach();
    });
    const [channel] = await Promise.all([
      connection.createConfirmChannel(),
      ...[...this.#channels.values()].map((each) => each.attach(connection)),
      this.#majority.attach(connection, () => this.#link.blockedBecause !== undefined),
    ]);
    channel.on('error', () => {});
    this.#probeChannel = channel;
    // With an alarm at the broker, the first message would be stuck. It is not to be somebody's write.
    await probe(connection, channel).catch(() => {});
  }
}

function blocked(reason: string): StrataError {
  return overloaded(`The broker of the queue takes no writes now: ${reason}.`, 5);
}
