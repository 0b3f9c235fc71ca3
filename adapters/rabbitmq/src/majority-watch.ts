import type { ChannelModel } from 'amqplib';
import { QueueChannel, type QueueChannelOptions } from './queue-channel.ts';

export interface MajorityWatchOptions extends QueueChannelOptions {
  /** Quorum queues that are only there to be asked. */
  readonly probeQueues: readonly string[];
}

/** Times to ask in `stallMs`. */
const asksInStall = 3;
/** Asked in vain so often, it is tried with new channels: a confirm may have got lost. */
const renewAfterAsks = 10 * asksInStall;
const question = Buffer.alloc(0);

/**
 * Asks all the time whether quorum queues confirm, so that it is known before a write waits for it: a node that has lost
 * the others still takes connections and messages, and confirms nothing. One confirm of any queue shows a majority. A
 * node that fails alone stops only the queues it leads, so several are asked, each on a channel of its own.
 */
export class MajorityWatch {
  readonly #channels: readonly QueueChannel[];
  readonly #askEveryMs: number;
  /** Times it has asked since the last confirm. */
  #asksInVain = 0;
  /** Whether nothing was confirmed on this connection yet: it may lead to a node that has lost the others long ago. */
  #isUnproven = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: MajorityWatchOptions) {
    this.#channels = options.probeQueues.map((queue) => new QueueChannel(queue, options));
    this.#askEveryMs = options.stallMs / asksInStall;
  }

  /**
   * Whether no queue has confirmed anything for `stallMs`, though asked, or since the connection was made. False without
   * a connection.
   */
  get isAway(): boolean {
    return this.#isUnproven || this.#asksInVain > asksInStall;
  }

  /** To be called at every confirm of a quorum queue. */
  confirmed(): void {
    this.#asksInVain = 0;
    this.#isUnproven = false;
  }

  /** Asks on this connection until it is closed, but not while the broker takes nothing. */
  async attach(connection: ChannelModel, isBlocked: () => boolean): Promise<void> {
    if (this.#isClosed) return;
    connection.on('close', () => this.#detach());
    this.#isUnproven = true;
    await Promise.all(this.#channels.map((channel) => channel.attach(connection)));
    clearInterval(this.#timer);
    // Counted in turns of a timer: a process that was busy for long finds one turn due, and the confirm behind it.
    this.#timer = setInterval(() => this.#turn(isBlocked()), this.#askEveryMs);
    this.#timer.unref();
    this.#turn(isBlocked());
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #turn(isBlocked: boolean): void {
    if (isBlocked) {
      this.confirmed();
      return;
    }
    this.#asksInVain += 1;
    if (this.#asksInVain % renewAfterAsks === 0) for (const channel of this.#channels) void channel.renew();
    for (const channel of this.#channels) this.#ask(channel);
  }

  #ask(channel: QueueChannel): void {
    // A question that waits is enough.
    if (channel.unconfirmed > 0) return;
    channel.publish({
      body: question,
      options: {},
      resolve: () => this.confirmed(),
      // A queue that is not there says nothing about the others.
      reject: () => channel.isMissing && this.confirmed(),
    });
  }

  #detach(): void {
    this.#stop();
    for (const channel of this.#channels) channel.detach();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.confirmed();
  }
}
