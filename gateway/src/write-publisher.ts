import { type OperationQueue, type QueuedOperation, StrataError } from '@stratakv/core';
import { Hold } from './hold.ts';
import { TurnGatherer } from './turn-gatherer.ts';

export interface PublisherOptions {
  /** Time from a write's coming to its confirm, after which nobody knows; milliseconds. */
  readonly confirmTimeoutMs: number;
  readonly maxMessageOperations: number;
  readonly maxMessageBytes: number;
  /** How long the writes of a partition wait, at most, for the confirm of those before them; milliseconds. */
  readonly holdMs: number;
  /**
   * Bytes of values that are on their way at once; one message is always sent. What is beyond waits: the queue has a bound
   * of its own, above this one, and refuses what goes over it.
   */
  readonly maxBytesUnderWay: number;
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
  /** Of its value. */
  readonly bytes: number;
  /** When it came, by `performance.now`. */
  readonly since: number;
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
 * than what is in it, so under load messages get fewer and larger. A message that is late no longer holds others back,
 * unless its bytes are needed: then the others wait, for half of the time a confirm may take at most.
 */
export class WritePublisher {
  readonly #queue: Pick<OperationQueue, 'publish'>;
  readonly #options: PublisherOptions;
  readonly #observe: (message: PublishedMessage) => void;
  /** By partition, in the order in which they get room. */
  #lanes = new Map<number, Lane>();
  #bytesUnderWay = 0;
  /** Whether some lane waits for room. */
  #isFull = false;
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
   * @throws StrataError what `OperationQueue.publish` throws; `overloaded` when there was no room to send it in time;
   * `outcome-unknown` when no confirm came in time. It is never published again.
   */
  publish(partition: number, operation: QueuedOperation): Promise<void> {
    return new Promise((resolve, reject) => {
      const lane = this.#laneOf(partition);
      const bytes = operation.action === 'put' ? operation.value.length : 0;
      lane.waiting.push({ operation, bytes, since: performance.now(), resolve, reject });
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
    this.#isFull = false;
    let index = 0;
    for (const [partition, lane] of this.#lanes) {
      if (lane.waiting.length > 0 && lane.hold.count === 0) this.#sendFrom(partition, lane);
      if (this.#isFull) {
        // Who found no room is the first to get some.
        this.#lanes = rotated(this.#lanes, index);
        return;
      }
      index += 1;
    }
  }

  /** Sends what a lane has, as far as there is room. */
  #sendFrom(partition: number, lane: Lane): void {
    this.#refuseLate(lane);
    let sent = 0;
    for (const { message, bytes } of this.#messages(lane.waiting)) {
      this.#isFull = this.#bytesUnderWay > 0 && this.#bytesUnderWay + bytes > this.#options.maxBytesUnderWay;
      if (this.#isFull) break;
      sent += message.length;
      void this.#send(partition, lane, message, bytes);
    }
    lane.waiting = sent === lane.waiting.length ? [] : lane.waiting.slice(sent);
  }

  #refuseLate(lane: Lane): void {
    // The other half is for the confirm.
    const before = performance.now() - this.#options.confirmTimeoutMs / 2;
    const isLate = ({ since }: Pending) => since < before;
    if (lane.waiting[0] === undefined || !isLate(lane.waiting[0])) return;
    const late = lane.waiting.filter(isLate);
    lane.waiting = lane.waiting.slice(late.length);
    for (const { reject } of late) reject(noRoom());
  }

  *#messages(pending: readonly Pending[]): Generator<{ readonly message: readonly Pending[]; readonly bytes: number }> {
    let message: Pending[] = [];
    let bytes = 0;
    for (const each of pending) {
      const isFull =
        message.length >= this.#options.maxMessageOperations || bytes + each.bytes > this.#options.maxMessageBytes;
      if (message.length > 0 && isFull) {
        yield { message, bytes };
        message = [];
        bytes = 0;
      }
      message.push(each);
      bytes += each.bytes;
    }
    if (message.length > 0) yield { message, bytes };
  }

  async #send(partition: number, lane: Lane, message: readonly Pending[], bytes: number): Promise<void> {
    const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
    const startedAt = performance.now();
    const waitedMs = startedAt - (message[0]?.since ?? startedAt);
    const timer = setTimeout(() => giveUp(unconfirmed()), this.#options.confirmTimeoutMs - waitedMs);
    const letGo = lane.hold.take();
    this.#bytesUnderWay += bytes;
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
      this.#bytesUnderWay -= bytes;
      letGo();
      if (this.#isFull) this.#turns.schedule();
      const seconds = (performance.now() - startedAt) / 1000;
      this.#observe({ partition, operations, seconds, error: failure });
    }
  }
}

function unconfirmed(): StrataError {
  return new StrataError('outcome-unknown', 'The queue did not confirm the write in time.');
}

function noRoom(): StrataError {
  return new StrataError('overloaded', 'There was no room to send the write in time.', {
    extensions: { retryAfterSeconds: 1 },
  });
}

function rotated<Key, Value>(map: ReadonlyMap<Key, Value>, first: number): Map<Key, Value> {
  const entries = [...map];
  return new Map([...entries.slice(first), ...entries.slice(0, first)]);
}
