import type { Channel, ConsumeMessage } from 'amqplib';

/**
 * How long an ack may wait for others, milliseconds. To a quorum queue an ack is a command that its log keeps, like a
 * message: one for each batch would cost the broker as much as the writes themselves (measured). A consumer that dies
 * meanwhile leaves more to be delivered again, which its successor finds done.
 */
const gatherMs = 200;
/** With this share of the window acked, the broker is told at once: it must not run out of what it may hand over. */
const fullShare = 1 / 4;

/** The acks of one channel, gathered: each takes all messages up to a tag. */
export class Acks {
  readonly #channel: Channel;
  readonly #prefetch: number;
  #upTo = 0;
  #messages = 0;
  #gathered: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sent: Promise<void> = Promise.resolve();

  /** @param prefetch messages the broker hands over before the first ack */
  constructor(channel: Channel, prefetch: number) {
    this.#channel = channel;
    this.#prefetch = prefetch;
  }

  /** Takes `messages` more, up to this tag. Resolves when the broker has it; rejects when the channel ended before. */
  add(tag: number, messages: number): Promise<void> {
    this.#upTo = tag;
    this.#messages += messages;
    this.#gathered ??= Promise.withResolvers<void>();
    const { promise } = this.#gathered;
    if (this.#messages >= this.#prefetch * fullShare) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
    return promise;
  }

  /** Sends what was gathered. Resolves when the broker has all acks, or the channel has ended. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = undefined;
    this.#messages = 0;
    if (gathered !== undefined) {
      gathered.resolve(this.#send());
      this.#sent = gathered.promise.catch(() => {});
    }
    return this.#sent;
  }

  /**
   * The broker does not answer an ack, but it answers what is asked after it on the same channel: here to keep the
   * prefetch as it is.
   */
  async #send(): Promise<void> {
    this.#channel.ack({ fields: { deliveryTag: this.#upTo } } as ConsumeMessage, true);
    await this.#channel.prefetch(this.#prefetch);
  }
}
