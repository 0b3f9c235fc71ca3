import { CodecError, type DeadLetter, decodeOperations, type OperationId, type QueuedOperation } from '@stratakv/core';
import type { GetMessage } from 'amqplib';
import type { RabbitMqBroker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import { unavailable } from './refusal.ts';
import { deadLetterQueue } from './topology.ts';

/** Bounds on what goes into the headers, which have to fit into one frame. */
const maxIds = 1_000;
const maxReasonLength = 1_000;

/** A dead letter as the broker has it. */
export interface StoredDeadLetter extends DeadLetter {
  /** Milliseconds since 1970 by the clock of the consumer that set it aside; undefined when the broker did. */
  readonly setAsideAt: number | undefined;
  /** What it holds, if that can be read: to be queued again under new ids. Undefined: it cannot. */
  readonly operations: readonly QueuedOperation[] | undefined;
  /** Takes it off the queue for good. Resolves when the broker has done so. */
  remove(): Promise<void>;
}

/** What is kept about a dead letter beside its body. */
export function deadLetterHeaders({ partition, reason, ids }: DeadLetter): Readonly<Record<string, unknown>> {
  return {
    partition,
    reason: reason.slice(0, maxReasonLength),
    ids: ids.slice(0, maxIds),
    'set-aside-at': new Date().toISOString(),
  };
}

/**
 * Goes through the dead letters, the oldest first, until there are no more. What is not removed stays; while the loop
 * runs, nobody else sees it. For the commands of an operator.
 *
 * @throws StrataError `unavailable` when the broker cannot be reached or the queue is not there
 */
export async function* readDeadLetters(
  broker: Pick<RabbitMqBroker, 'consuming'>,
  { prefix = 'kv' }: { readonly prefix?: string } = {},
): AsyncGenerator<StoredDeadLetter, void, void> {
  const connection = broker.consuming.connection;
  if (connection === undefined) throw unavailable('The broker of the queue cannot be reached.');
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  try {
    for (;;) {
      const message = await channel.get(deadLetterQueue({ prefix }));
      if (message === false) return;
      yield letterOf(message, async () => {
        channel.ack(message);
        // Acks are not answered; what is asked after one is.
        await channel.prefetch(0);
      });
    }
  } catch (cause) {
    throw unavailable('The dead letters cannot be read.', cause);
  } finally {
    await closeChannel(channel);
  }
}

function letterOf({ content, properties }: GetMessage, remove: () => Promise<void>): StoredDeadLetter {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const { partition, reason, ids, 'set-aside-at': setAsideAt } = headers;
  return {
    partition: typeof partition === 'number' ? partition : partitionOfQueue(headers['x-first-death-queue']),
    reason: String(reason ?? `set aside by the broker: ${headers['x-first-death-reason'] ?? 'it does not say why'}`),
    ids: Array.isArray(ids) ? ids.map((id) => String(id) as OperationId) : [],
    body: content,
    setAsideAt: typeof setAsideAt === 'string' ? Date.parse(setAsideAt) : undefined,
    operations: readable(content),
    remove,
  };
}

function partitionOfQueue(queue: unknown): number {
  return Number(/\.(\d+)$/.exec(String(queue))?.[1] ?? -1);
}

function readable(body: Uint8Array): readonly QueuedOperation[] | undefined {
  try {
    return decodeOperations(body);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
