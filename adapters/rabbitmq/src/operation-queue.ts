import {
  type DeadLetter,
  encodeOperations,
  type OperationQueue,
  type PartitionSubscription,
  type QueueDepth,
  type QueuedOperation,
  type QueueListener,
} from '@stratakv/core';
import type { Channel } from 'amqplib';
import type { RabbitMqBroker } from './broker.ts';
import { deadLetterHeaders } from './dead-letters.ts';
import { MeanSize } from './mean-size.ts';
import { Publisher } from './publisher.ts';
import { unavailable } from './refusal.ts';
import { Subscription } from './subscription.ts';
import { deadLetterQueue, partitionQueue, probeQueues, type TopologyOptions } from './topology.ts';
import { type TopologyRole, TopologyWatch } from './topology-watch.ts';

export interface RabbitMqQueueOptions {
  /** P, as the database tells it. */
  readonly partitionCount: number;
  /** Consumers declare the queues, gateways check that they are there. */
  readonly topology: TopologyRole;
  /** First part of the names of all queues. */
  readonly prefix?: string;
  /** Bound on what waits in one partition, bytes. */
  readonly maxPartitionBytes?: number;
  /** Nodes that keep a copy of each queue. */
  readonly replicas?: number;
  /** Bound on what this process has published and the broker has not confirmed, bytes. */
  readonly maxUnconfirmedBytes?: number;
  /** Messages on their way to one partition; more wait in this process. */
  readonly windowMessages?: number;
  /** A partition that has confirmed nothing for this long takes no more; when no queue has, none does. Milliseconds. */
  readonly stallMs?: number;
  /** Bounds on what a subscription holds unacked: about as many bytes, and never more messages. */
  readonly prefetchBytes?: number;
  readonly prefetchMessages?: number;
}

const gib = 1024 ** 3;
const mib = 1024 ** 2;
const leastPrefetch = 3;
/** Bytes, before any was seen. */
const assumedMessageBytes = 4096;

/** The queue of the cluster: a quorum queue a partition at RabbitMQ, 3.10 or newer. */
export class RabbitMqOperationQueue implements OperationQueue {
  readonly #broker: RabbitMqBroker;
  readonly #topology: TopologyOptions;
  readonly #publisher: Publisher;
  readonly #watch: TopologyWatch;
  readonly #prefetch: { readonly bytes: number; readonly messages: number };
  readonly #subscriptions = new Set<Subscription>();
  readonly #meanSize = new MeanSize(assumedMessageBytes);
  #counting: Promise<QueueDepth> | undefined;
  #countChannel: Channel | undefined;
  #isClosed = false;

  constructor(broker: RabbitMqBroker, options: RabbitMqQueueOptions) {
    const { partitionCount, prefix = 'kv', maxPartitionBytes = gib, replicas = 3 } = options;
    const { maxUnconfirmedBytes = 64 * mib, windowMessages = 256, stallMs = 2_000 } = options;
    const { prefetchBytes = 3 * mib, prefetchMessages = 1_000 } = options;
    this.#broker = broker;
    this.#topology = { prefix, partitionCount, maxPartitionBytes, replicas };
    this.#prefetch = { bytes: prefetchBytes, messages: prefetchMessages };
    const partitions = Array.from({ length: partitionCount }, (_, index) => partitionQueue(this.#topology, index));
    this.#publisher = new Publisher(broker.publishing, {
      queues: [deadLetterQueue(this.#topology), ...partitions],
      probeQueues: probeQueues(this.#topology),
      maxUnconfirmedBytes,
      windowMessages,
      stallMs,
    });
    this.#watch = new TopologyWatch(broker.consuming, options.topology, this.#topology, broker.onEvent);
  }

  /**
   * Resolves when the queues have been found or made. Waits for the broker.
   *
   * @throws TopologyMismatch when they were declared in another way; StrataError `unavailable` when the queue is closed
   */
  ready(): Promise<void> {
    return this.#watch.ready();
  }

  async publish(partition: number, operations: readonly QueuedOperation[]): Promise<void> {
    this.#checkUse();
    const body = encodeOperations(operations);
    this.#meanSize.add(body.length);
    await this.#publisher.publish(partitionQueue(this.#topology, partition), body);
  }

  async subscribe(partition: number, listener: QueueListener): Promise<PartitionSubscription> {
    const { connection } = this.#broker.consuming;
    if (this.#isClosed || connection === undefined) throw unavailable('The broker of the queue cannot be reached.');
    const { bytes, messages } = this.#prefetch;
    const prefetch = Math.min(messages, Math.max(leastPrefetch, Math.floor(bytes / this.#meanSize.bytes)));
    const subscription = await Subscription.open(connection, {
      queue: partitionQueue(this.#topology, partition),
      partition,
      listener,
      prefetch,
      onMessage: (size) => this.#meanSize.add(size),
      onMissing: () => this.#watch.miss(),
    });
    this.#forgetEnded();
    this.#subscriptions.add(subscription);
    if (this.#isClosed) await this.close();
    return subscription;
  }

  async deadLetter(letter: DeadLetter): Promise<void> {
    this.#checkUse();
    const { buffer, byteOffset, byteLength } = letter.body;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    await this.#publisher.publish(deadLetterQueue(this.#topology), body, deadLetterHeaders(letter));
  }

  /**
   * What the broker has ready, and what this process holds unacked. It does not count what other processes hold, and
   * knows the bytes of what is ready only as the count times the mean size of the messages seen here.
   */
  depth(): Promise<QueueDepth> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  /** Messages and bytes that are published and not confirmed yet. */
  get unconfirmed(): { readonly messages: number; readonly bytes: number } {
    return this.#publisher.unconfirmed;
  }

  async check(): Promise<void> {
    this.#checkUse();
    await this.#publisher.check();
  }

  /** Ends the subscriptions. The broker is closed by who made it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    this.#publisher.close();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  #checkUse(): void {
    if (this.#isClosed) throw unavailable('The queue is closed.');
    const { refusal } = this.#publisher;
    if (refusal !== undefined) throw refusal;
    const { failure } = this.#watch;
    if (failure !== undefined) throw unavailable('The queues of writes are not set up.', failure);
  }

  async #count(): Promise<QueueDepth> {
    try {
      const channel = await this.#openCountChannel();
      let ready = 0;
      for (let partition = 0; partition < this.#topology.partitionCount; partition += 1) {
        ready += (await channel.checkQueue(partitionQueue(this.#topology, partition))).messageCount;
      }
      const deadLetters = (await channel.checkQueue(deadLetterQueue(this.#topology))).messageCount;
      return { ...this.#withHeld(ready), deadLetters };
    } catch (cause) {
      throw unavailable('The queues cannot be counted.', cause);
    }
  }

  #forgetEnded(): void {
    for (const subscription of this.#subscriptions) {
      if (!subscription.isOpen) this.#subscriptions.delete(subscription);
    }
  }

  #withHeld(ready: number): Omit<QueueDepth, 'deadLetters'> {
    let messages = ready;
    let bytes = ready * this.#meanSize.bytes;
    this.#forgetEnded();
    for (const { held } of this.#subscriptions) {
      messages += held.messages;
      bytes += held.bytes;
    }
    return { messages, bytes: Math.round(bytes) };
  }

  /** On the connection that an alarm does not stop. One for good, since it is asked again and again. */
  async #openCountChannel(): Promise<Channel> {
    if (this.#countChannel !== undefined) return this.#countChannel;
    const { connection } = this.#broker.consuming;
    if (connection === undefined) throw unavailable('The broker of the queue cannot be reached.');
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    channel.on('close', () => {
      this.#countChannel = undefined;
    });
    this.#countChannel = channel;
    return channel;
  }
}
