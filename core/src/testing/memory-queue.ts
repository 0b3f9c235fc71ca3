import { encodeOperations } from '../codec/operation-codec.ts';
import { StrataError } from '../errors.ts';
import type { QueuedOperation } from '../operation.ts';
import type {
  DeadLetter,
  OperationQueue,
  PartitionSubscription,
  QueueDepth,
  QueueListener,
} from '../ports/operation-queue.ts';

interface Message {
  readonly sequence: number;
  readonly body: Uint8Array;
  wasDelivered: boolean;
}

interface Subscriber {
  readonly listener: QueueListener;
  /** Sequence number of the last message that was there before it. */
  readonly began: number;
  /** Sequence number of the last message handed over. */
  delivered: number;
}

/**
 * A broker in memory for tests of what uses a queue. As RabbitMQ with a single active consumer: `subscribe` resolves at
 * once, the one that subscribed first gets the messages, and the next one takes over what is not acked when it closes.
 * Shared by all consumers of a test.
 */
export class MemoryOperationQueue implements OperationQueue {
  readonly deadLetters: DeadLetter[] = [];
  readonly #messages = new Map<number, Message[]>();
  readonly #subscribers = new Map<number, Subscriber[]>();
  #sequence = 0;

  async publish(partition: number, operations: readonly QueuedOperation[]): Promise<void> {
    this.inject(partition, encodeOperations(operations));
  }

  /** Puts a message into a partition's queue as it is. */
  inject(partition: number, body: Uint8Array): void {
    this.#sequence += 1;
    this.#of(this.#messages, partition).push({ sequence: this.#sequence, body, wasDelivered: false });
    this.#deliver(partition);
  }

  async subscribe(partition: number, listener: QueueListener): Promise<PartitionSubscription> {
    const subscriber: Subscriber = { listener, began: this.#sequence, delivered: 0 };
    this.#of(this.#subscribers, partition).push(subscriber);
    this.#deliver(partition);
    return {
      ack: async (tag) => {
        if (!this.#of(this.#subscribers, partition).includes(subscriber)) {
          throw new StrataError('unavailable', 'The subscription has ended.');
        }
        const left = this.#of(this.#messages, partition).filter(({ sequence }) => sequence > tag);
        this.#messages.set(partition, left);
      },
      close: async () => this.#remove(partition, subscriber),
    };
  }

  /** Ends the subscription of a partition's active consumer from the broker's side. */
  cut(partition: number): void {
    const [active] = this.#of(this.#subscribers, partition);
    if (active === undefined) return;
    this.#remove(partition, active);
    active.listener.onLost(new StrataError('unavailable', 'The broker has gone away.'));
  }

  async deadLetter(letter: DeadLetter): Promise<void> {
    this.deadLetters.push(letter);
  }

  async depth(): Promise<QueueDepth> {
    const waiting = [...this.#messages.values()].flat();
    const bytes = waiting.reduce((sum, { body }) => sum + body.length, 0);
    return { messages: waiting.length, bytes, deadLetters: this.deadLetters.length };
  }

  /** How many consumers a partition has, the active one first. */
  subscribers(partition: number): number {
    return this.#of(this.#subscribers, partition).length;
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.#subscribers.clear();
  }

  #remove(partition: number, subscriber: Subscriber): void {
    const subscribers = this.#of(this.#subscribers, partition);
    const index = subscribers.indexOf(subscriber);
    if (index < 0) return;
    subscribers.splice(index, 1);
    this.#deliver(partition);
  }

  #deliver(partition: number): void {
    const [active] = this.#of(this.#subscribers, partition);
    if (active === undefined) return;
    for (const message of this.#of(this.#messages, partition)) {
      const { sequence, body, wasDelivered } = message;
      if (sequence <= active.delivered) continue;
      active.delivered = sequence;
      message.wasDelivered = true;
      const isRedelivered = wasDelivered || sequence <= active.began;
      // Later, as from a socket; not to one that has gone meanwhile.
      setImmediate(() => {
        if (!this.#of(this.#subscribers, partition).includes(active)) return;
        active.listener.onDelivery({ partition, tag: sequence, isRedelivered, body });
      });
    }
  }

  #of<Item>(map: Map<number, Item[]>, partition: number): Item[] {
    const items = map.get(partition) ?? [];
    map.set(partition, items);
    return items;
  }
}
