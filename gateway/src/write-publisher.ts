import { type OperationQueue, type QueuedOperation, StrataError } from '@stratakv/core';
import { Hold } from './hold.ts';
import { TurnGatherer } from './turn-gatherer.ts';

export interface PublisherOptions {
  /** Time for the queue to confirm, after which nobody knows; milliseconds. */
  readonly confirmTimeoutMs: number;
  readonly maxMessageOperations: number;
  readonly maxMessageBytes: number;
  /** How long the writes of a partition wait, at most, for the confirm of those before them; milliseconds. */
  readonly holdMs: number;
}

/** One message that was confirmed or refused. */
export interface PublishedMessage {
  readonly partition: number;
  readonly operations: readonly QueuedOperation[];
  readonly seconds: number;
  /** Why it was not confirmed; undefined: it was. */
  readonly error: unknown;
}

interface Pending {
  readonly operation: QueuedOperation;
  resolve(): void;
  reject(error: unknown): void;
}

/** The writes of one partition that are not published yet. */
interface Lane {
  waiting: Pending[];
  /** Messages on their way that hold the next one back. */
  readonly hold: Hold;
}

/**
 * Publishes writes. Those of neighbouring turns of the event loop travel as one message per partition and are confirmed
 * together. While one is on its way, the next of its partition gathers: what a broker does for a message costs it more
 * than what is in it, so under load messages get fewer and larger. A message that is late no longer holds others back.
 */
export class WritePublisher {
  readonly #queue: Pick<OperationQueue, 'publish'>;
  readonly #options: PublisherOptions;
  readonly #observe: (message: PublishedMessage) => void;
  readonly #lanes = new Map<number, Lane>();
  readonly #turns = new TurnGatherer(() => this.#flush());

  /** `observe` is told of each message that was confirmed or refused. */
  constructor(
    queue: Pick<OperationQueue, 'publish'>,
    options: PublisherOptions,
    observe: (message: PublishedMessage) => void,
  ) {
    this.#queue = queue;
    this.#options = options;
    this.#observe = observe;
  }

  /**
   * Resolves when the queue has confirmed the operation.
   *
   * @throws StrataError what `OperationQueue.publish` throws; `outcome-unknown` when no confirm came in time. It is
   * never published again.
   */
  publish(partition: number, operation: QueuedOperation): Promise<void> {
    return new Promise((resolve, reject) => {
      const lane = this.#laneOf(partition);
      lane.waiting.push({ operation, resolve, reject });
      this.#turns.count();
      this.#scheduleFor(lane);
    });
  }

  #laneOf(partition: number): Lane {
    const known = this.#lanes.get(partition);
    if (known !== undefined) return known;
    const lane: Lane = { waiting: [], hold: new Hold(this.#options.holdMs, () => this.#scheduleFor(lane)) };
    this.#lanes.set(partition, lane);
    return lane;
  }

  #scheduleFor({ hold, waiting }: Lane): void {
    if (hold.count === 0 && waiting.length > 0) this.#turns.schedule();
  }

  #flush(): void {
    for (const [partition, lane] of this.#lanes) {
      if (lane.waiting.length === 0 || lane.hold.count > 0) continue;
      const gathered = lane.waiting;
      lane.waiting = [];
      for (const message of this.#messages(gathered)) void this.#send(partition, lane, message);
    }
  }

  *#messages(pending: readonly Pending[]): Generator<Pending[]> {
    let message: Pending[] = [];
    let bytes = 0;
    for (const each of pending) {
      const size = each.operation.action === 'put' ? each.operation.value.length : 0;
      const isFull =
        message.length >= this.#options.maxMessageOperations || bytes + size > this.#options.maxMessageBytes;
      if (message.length > 0 && isFull) {
        yield message;
        message = [];
        bytes = 0;
      }
      message.push(each);
      bytes += size;
    }
    yield message;
  }

  async #send(partition: number, lane: Lane, message: readonly Pending[]): Promise<void> {
    const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
    const startedAt = performance.now();
    const timer = setTimeout(() => giveUp(unconfirmed()), this.#options.confirmTimeoutMs);
    const letGo = lane.hold.take();
    const operations = message.map(({ operation }) => operation);
    let failure: unknown;
    try {
      await Promise.race([this.#queue.publish(partition, operations), late]);
      for (const { resolve } of message) resolve();
    } catch (error) {
      failure = error;
      for (const { reject } of message) reject(error);
    } finally {
      clearTimeout(timer);
      letGo();
      const seconds = (performance.now() - startedAt) / 1000;
      this.#observe({ partition, operations, seconds, error: failure });
    }
  }
}

function unconfirmed(): StrataError {
  return new StrataError('outcome-unknown', 'The queue did not confirm the write in time.');
}
