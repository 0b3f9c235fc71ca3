import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Channel, type ChannelModel, connect } from 'amqplib';

const connectWithinMs = 5_000;
const deadLetters = 'kv.dead-letters';

/** Name of a partition's queue. */
export function partitionQueueName(partition: number): string {
  return `kv.p16.${partition}`;
}

/** The broker of a native stack, looked into past the store. */
export class StoreBroker {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Messages in the dead-letter queue. @throws Error when no node answers */
  deadLetters(): Promise<number> {
    return this.waiting(deadLetters);
  }

  /** Messages of a queue that are ready. @throws Error when it is not there, or no node answers */
  waiting(queue: string): Promise<number> {
    return this.#onChannel(async (channel) => (await channel.checkQueue(queue)).messageCount);
  }

  /** Whether the queue is there. */
  async has(queue: string): Promise<boolean> {
    try {
      await this.waiting(queue);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 404) return false;
      throw error;
    }
  }

  /** Puts a message of any content into a queue. @throws Error when it is not confirmed */
  async publish(queue: string, body: Buffer): Promise<void> {
    await ask(this.#urls, async (_channel, connection) => {
      const confirming = await connection.createConfirmChannel();
      confirming.sendToQueue(queue, body, { persistent: true });
      await confirming.waitForConfirms();
    });
  }

  /** With all that is in it; returns how many that were. */
  delete(queue: string): Promise<number> {
    return this.#onChannel(async (channel) => (await channel.deleteQueue(queue)).messageCount);
  }

  /** Position of the first node that does not serve its clients; undefined: all do. */
  async nodeAway(): Promise<number | undefined> {
    const served = await Promise.all(
      this.#urls.map((url) =>
        ask([url], async (channel) => (await channel.checkQueue(deadLetters)).queue).catch(() => undefined),
      ),
    );
    const index = served.indexOf(undefined);
    return index < 0 ? undefined : index + 1;
  }

  #onChannel<Answer>(question: (channel: Channel) => Promise<Answer>): Promise<Answer> {
    return ask(this.#urls, question);
  }

  get #urls(): readonly string[] {
    return readFileSync(join(this.#dataDir, 'secrets', 'rabbitmq-urls'), 'utf8')
      .trim()
      .split(',');
  }
}

/** On the first node that takes a connection. */
async function ask<Answer>(
  urls: readonly string[],
  question: (channel: Channel, connection: ChannelModel) => Promise<Answer>,
): Promise<Answer> {
  let last: unknown;
  for (const url of urls) {
    const connection = await connect(url, { timeout: connectWithinMs }).catch((error: unknown) => {
      last = error;
    });
    if (connection === undefined) continue;
    connection.on('error', () => {});
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      return await question(channel, connection);
    } finally {
      await connection.close().catch(() => {});
    }
  }
  throw last;
}
