import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeRecords,
  encodeRecords,
  type OperationRecord,
  type OutcomeFeed,
  type OutcomeNotice,
} from '@stratakv/core';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { RabbitMqBroker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import type { Attachment } from './link.ts';
import { errorOf, unavailable } from './refusal.ts';

type OnRecord = (record: OperationRecord) => void;

/** An exchange every broker has. A listener's address is a binding key, not the name of a queue. */
const exchange = 'amq.direct';
/** What a broker takes as a routing key, bytes. */
const maxAddressBytes = 255;
const longestBeginMs = 1_000;
/** Bound on what waits for a listener that has stopped reading; the oldest goes first. */
const replyQueueBytes = 64 * 1024 ** 2;

/**
 * Outcomes through transient messages: one queue for each listener, which goes with its connection. After a reconnect
 * the listener gets a new queue under the same address, since the broker may keep the old one until it has noticed that
 * its connection is gone. Whatever the broker does not take at once is lost, as the port allows.
 */
export class RabbitMqOutcomeFeed implements OutcomeFeed {
  readonly #broker: RabbitMqBroker;
  readonly #prefix: string;
  readonly #listeners = new Map<Attachment, Channel | undefined>();
  readonly #attachNotifier: Attachment = (connection) => this.#openNotifier(connection);
  /** Resolves when there is a channel to notify on, or none is to be had now. */
  readonly #begun: Promise<void>;
  #notifier: Channel | undefined;
  #hasRoom = true;
  #isClosed = false;

  /** @param prefix first part of the addresses */
  constructor(broker: RabbitMqBroker, { prefix = 'kv' }: { readonly prefix?: string } = {}) {
    this.#broker = broker;
    this.#prefix = prefix;
    const attached = broker.publishing.attach(this.#attachNotifier);
    // A connection that an alarm has stopped does not open channels.
    this.#begun = Promise.race([attached, delay(longestBeginMs, undefined, { ref: false })]);
  }

  async notify(notices: readonly OutcomeNotice[]): Promise<void> {
    await this.#begun;
    const byAddress = new Map<string, OperationRecord[]>();
    for (const { replyTo, record } of notices) {
      const records = byAddress.get(replyTo);
      if (records === undefined) byAddress.set(replyTo, [record]);
      else records.push(record);
    }
    for (const [address, records] of byAddress) this.#send(address, encodeRecords(records));
  }

  /**
   * Resolves when the address is at the broker; without a connection at once, and it will be as soon as there is one.
   *
   * @throws StrataError `unavailable` once closed
   */
  async listen(onRecord: OnRecord): Promise<string> {
    if (this.#isClosed) throw unavailable('The outcome feed is closed.');
    const address = `${this.#prefix}.outcomes.${randomUUID()}`;
    const attachment: Attachment = async (connection) => {
      const channel = await this.#openListener(connection, address, onRecord).catch(this.#onListeningFailed);
      this.#listeners.set(attachment, channel);
    };
    this.#listeners.set(attachment, undefined);
    await this.#broker.consuming.attach(attachment);
    return address;
  }

  /** Ends this feed's own listeners. The broker is closed by who made it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#broker.publishing.detach(this.#attachNotifier);
    for (const attachment of this.#listeners.keys()) this.#broker.consuming.detach(attachment);
    const channels = [this.#notifier, ...this.#listeners.values()];
    await Promise.all(channels.map((channel) => channel && closeChannel(channel)));
  }

  #send(address: string, body: Buffer): void {
    const channel = this.#notifier;
    const isTaken = channel !== undefined && this.#hasRoom && this.#broker.publishing.blockedBecause === undefined;
    if (!isTaken || Buffer.byteLength(address) > maxAddressBytes) return;
    try {
      this.#hasRoom = channel.publish(exchange, address, body, { persistent: false });
    } catch {
      // The channel has just ended. Whoever waits asks the log.
    }
  }

  async #openNotifier(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    channel.on('close', () => {
      if (this.#notifier === channel) this.#notifier = undefined;
    });
    channel.on('drain', () => {
      this.#hasRoom = true;
    });
    this.#hasRoom = true;
    this.#notifier = channel;
  }

  async #openListener(connection: ChannelModel, address: string, onRecord: OnRecord): Promise<Channel> {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      arguments: { 'x-max-length-bytes': replyQueueBytes },
    });
    await channel.bindQueue(queue, exchange, address);
    const onMessage = (message: ConsumeMessage | null) => {
      if (message !== null) this.#receive(message, onRecord);
      // The queue is gone, and with it the address. A new connection gets a new one.
      else this.#broker.consuming.drop(new Error('the broker has ended a reply queue'));
    };
    await channel.consume(queue, onMessage, { noAck: true });
    return channel;
  }

  readonly #onListeningFailed = (cause: unknown): undefined => {
    this.#broker.onEvent({ kind: 'listening-failed', cause: errorOf(cause) });
  };

  #receive({ content }: ConsumeMessage, onRecord: OnRecord): void {
    if (this.#isClosed) return;
    let records: readonly OperationRecord[];
    try {
      records = decodeRecords(content);
    } catch (cause) {
      this.#broker.onEvent({ kind: 'notice-damaged', cause: errorOf(cause) });
      return;
    }
    for (const record of records) onRecord(record);
  }
}
