import type { Channel, ChannelModel } from 'amqplib';
import { closeChannel } from './close-channel.ts';

export interface TopologyOptions {
  /** First part of all names; one broker can serve several stores. */
  readonly prefix: string;
  /** P of the installation. It is part of the names, so that a process with another P finds no queue. */
  readonly partitionCount: number;
  /** Bound on what waits in one partition, bytes; more is refused. Cannot be changed while the queue is there. */
  readonly maxPartitionBytes: number;
  /** Nodes that keep a copy of each queue, at most as many as there are. */
  readonly replicas: number;
}

export interface QueueDeclaration {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

/** The queues at the broker are declared in another way than this version does. Nothing that a retry could mend. */
export class TopologyMismatch extends Error {
  override name = 'TopologyMismatch';
}

/** A queue is not there yet, or it is kept from this process. It may come. */
export class TopologyMissing extends Error {
  override name = 'TopologyMissing';
}

/**
 * Every closed channel counts as a delivery of all it had, and a message over the limit leaves the queue: a few outages
 * would dead-letter good writes. This is the highest number both 3.10 and 4.x take; -1 loses messages on 3.10, and
 * without the argument 4.x takes 20.
 */
const deliveryLimit = 2 ** 31 - 1;

/** How long a consumer may keep a delivery unacked, as while its database is down: a day. Before 3.12 only a setting of the broker. */
const consumerTimeoutMs = 24 * 3_600_000;

/** Messages are published to the default exchange, by the name of the queue: there is no binding that could be missing. */
const defaultExchange = '';

export function partitionQueue(
  { prefix, partitionCount }: Pick<TopologyOptions, 'prefix' | 'partitionCount'>,
  partition: number,
): string {
  return `${prefix}.p${partitionCount}.${partition}`;
}

export function deadLetterQueue({ prefix }: Pick<TopologyOptions, 'prefix'>): string {
  return `${prefix}.dead-letters`;
}

/** As many as there are nodes usually, so that each leads one. */
const probeCount = 3;

/** Queues that nobody reads: whether they confirm shows whether there is a majority. */
export function probeQueues({ prefix }: Pick<TopologyOptions, 'prefix'>): readonly string[] {
  return Array.from({ length: probeCount }, (_, index) => `${prefix}.probe.${index}`);
}

/** Everything there is at the broker that outlives a connection. */
export function topologyOf(options: TopologyOptions): readonly QueueDeclaration[] {
  const { partitionCount, maxPartitionBytes, replicas } = options;
  const replicated = {
    'x-queue-type': 'quorum',
    'x-quorum-initial-group-size': replicas,
    'x-queue-leader-locator': 'balanced',
  };
  // The older message is dropped, and goes nowhere.
  const probe = { ...replicated, 'x-max-length': 1, 'x-overflow': 'drop-head' };
  const quorum = {
    ...replicated,
    'x-delivery-limit': deliveryLimit,
    'x-overflow': 'reject-publish',
  };
  const partition = {
    ...quorum,
    'x-single-active-consumer': true,
    'x-max-length-bytes': maxPartitionBytes,
    'x-consumer-timeout': consumerTimeoutMs,
    // Only for what an operator or a policy makes the broker set aside; the consumer publishes its dead letters itself.
    'x-dead-letter-exchange': defaultExchange,
    'x-dead-letter-routing-key': deadLetterQueue(options),
    'x-dead-letter-strategy': 'at-least-once',
  };
  return [
    // First: in a cluster without queues each gets another leader then.
    ...probeQueues(options).map((name) => ({ name, arguments: probe })),
    { name: deadLetterQueue(options), arguments: quorum },
    ...Array.from({ length: partitionCount }, (_, index) => ({
      name: partitionQueue(options, index),
      arguments: partition,
    })),
  ];
}

/**
 * Makes the queues that are missing. For consumers only, once the database has confirmed P.
 *
 * @throws TopologyMismatch when one is there and differs; TopologyMissing when the broker forbids to make it; Error when
 * the broker cannot be asked
 */
export function declareTopology(connection: ChannelModel, options: TopologyOptions): Promise<void> {
  return onChannel(connection, async (channel) => {
    for (const queue of topologyOf(options)) {
      await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments }).catch((cause: unknown) => {
        throw explained(queue.name, cause);
      });
    }
  });
}

/**
 * Looks whether all queues are there.
 *
 * @throws TopologyMissing when one is not, or this process may not use it; Error when the broker cannot be asked
 */
export function checkTopology(connection: ChannelModel, options: TopologyOptions): Promise<void> {
  return onChannel(connection, async (channel) => {
    for (const { name } of topologyOf(options)) {
      await channel.checkQueue(name).catch((cause: unknown) => {
        throw explained(name, cause);
      });
    }
  });
}

const accessRefused = 403;
const notFound = 404;
const preconditionFailed = 406;

/** What is wrong with a queue, for a person. The broker's text says which argument differs and in what. */
function explained(queue: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'code' in cause)) return cause;
  const [, said = cause.message] = /"(.*)"$/s.exec(cause.message) ?? [];
  switch (cause.code) {
    case preconditionFailed:
      return new TopologyMismatch(
        `The queue ${queue} was declared in another way. The broker says: ${said}. Give this process the settings the queue was made with, or let it run empty and delete it; it is made anew then.`,
        { cause },
      );
    case notFound:
      return new TopologyMissing(
        `The queue ${queue} is not there (yet): consumers declare it. Do all processes have the same number of partitions?`,
        { cause },
      );
    case accessRefused:
      return new TopologyMissing(`The queue ${queue} is kept from this process. The broker says: ${said}.`, { cause });
    default:
      return cause;
  }
}

async function onChannel(connection: ChannelModel, work: (channel: Channel) => Promise<void>): Promise<void> {
  const channel = await connection.createChannel();
  // The broker closes the channel of a request that fails; the request tells.
  channel.on('error', () => {});
  try {
    await work(channel);
  } finally {
    await closeChannel(channel);
  }
}
