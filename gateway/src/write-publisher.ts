import { type OperationQueue, type QueuedOperation, StrataError } from '@stratakv/core';

export interface PublisherOptions {
  /** Time for the queue to confirm, after which nobody knows; milliseconds. */
  readonly confirmTimeoutMs: number;
  readonly maxMessageOperations: number;
  readonly maxMessageBytes: number;
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

/** Publishes writes. Those of one turn of the event loop travel as one message per partition and are confirmed together. */
export class WritePublisher {
  readonly #queue: Pick<OperationQueue, 'publish'>;
  readonly #options: PublisherOptions;
  readonly #observe: (message: PublishedMessage) => void;
  #pending = new Map<number, Pending[]>();

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
      if (this.#pending.size === 0) setImmediate(() => this.#flush());
      const pending = { operation, resolve, reject };
      const waiting = this.#pending.get(partition);
      if (waiting === undefined) this.#pending.set(partition, [pending]);
      else waiting.push(pending);
    });
  }

  #flush(): void {
    const gathered = this.#pending;
    this.#pending = new Map();
    for (const [partition, pending] of gathered) {
      for (const message of this.#messages(pending)) void this.#send(partition, message);
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

  async #send(partition: number, message: readonly Pending[]): Promise<void> {
    const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
    const startedAt = performance.now();
    const timer = setTimeout(() => giveUp(unconfirmed()), this.#options.confirmTimeoutMs);
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
      const seconds = (performance.now() - startedAt) / 1000;
      this.#observe({ partition, operations, seconds, error: failure });
    }
  }
}

function unconfirmed(): StrataError {
  return new StrataError('outcome-unknown', 'The queue did not confirm the write in time.');
}
