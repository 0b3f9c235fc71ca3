import { randomUUID } from 'node:crypto';
import { eventually } from '@stratakv/core/testing';
import type { TestRabbitMq } from '@stratakv/native/testing';
import { connect } from 'amqplib';
import {
  type BrokerEvent,
  RabbitMqBroker,
  RabbitMqOperationQueue,
  type RabbitMqQueueOptions,
  topologyOf,
} from '../src/index.ts';
import { Wire } from './wire.ts';

export type CreateStore = () => TestStore;

/** Queues of their own at a shared broker, reached over a wire that can be cut. */
export class TestStore implements AsyncDisposable {
  readonly prefix = `test-${randomUUID().slice(0, 8)}`;
  readonly events: BrokerEvent[] = [];
  readonly #server: TestRabbitMq;
  readonly #brokers: { readonly broker: RabbitMqBroker; readonly wire: Wire }[] = [];
  readonly #partitionCounts = new Set<number>();

  constructor(server: TestRabbitMq) {
    this.#server = server;
  }

  /** Connections of one more process. */
  async connect(): Promise<{ readonly broker: RabbitMqBroker; readonly wire: Wire }> {
    const [first = ''] = this.#server.url.split(',');
    const url = new URL(first);
    const wire = await Wire.open(Number(url.port));
    url.port = `${wire.port}`;
    const onEvent = (event: BrokerEvent) => void this.events.push(event);
    const process = { broker: new RabbitMqBroker({ urls: url.href, clientName: this.prefix, onEvent }), wire };
    this.#brokers.push(process);
    await Promise.all([process.broker.publishing.connected(), process.broker.consuming.connected()]);
    return process;
  }

  /** The queue of one more process. */
  async open(options: Partial<RabbitMqQueueOptions> = {}): Promise<{
    readonly queue: RabbitMqOperationQueue;
    readonly broker: RabbitMqBroker;
    readonly wire: Wire;
  }> {
    const process = await this.connect();
    const queue = this.queueOn(process.broker, options);
    await queue.ready();
    // Nothing is taken before the first confirm shows that there is a majority.
    await eventually('a queue confirms', () =>
      queue.check().then(
        () => true,
        (error) => error.code !== 'unavailable',
      ),
    );
    return { queue, ...process };
  }

  queueOn(broker: RabbitMqBroker, options: Partial<RabbitMqQueueOptions> = {}): RabbitMqOperationQueue {
    const { partitionCount = 16 } = options;
    this.#partitionCounts.add(partitionCount);
    return new RabbitMqOperationQueue(broker, {
      partitionCount,
      topology: 'declare',
      prefix: this.prefix,
      maxPartitionBytes: 64 * 1024 * 1024,
      ...options,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends all processes and deletes the queues. */
  async close(): Promise<void> {
    for (const { broker, wire } of this.#brokers) {
      await broker.close();
      await wire.close();
    }
    const [url = ''] = this.#server.url.split(',');
    const connection = await connect(url);
    const channel = await connection.createChannel();
    for (const partitionCount of this.#partitionCounts) {
      const topology = { prefix: this.prefix, partitionCount, maxPartitionBytes: 0, replicas: 1 };
      for (const { name } of topologyOf(topology)) await channel.deleteQueue(name);
    }
    await connection.close();
  }
}
