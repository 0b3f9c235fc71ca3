/**
 * Tells, of each delivery of a subscription, whether it was there before the subscription began.
 *
 * RabbitMQ says so only of what was delivered before. The rest is counted: without another consumer, what is ready when
 * subscribing comes first. With another one, the subscription begins when that one goes, which shows at the first
 * delivery: what is ready then is counted, and until that count is known, everything was there. What is delivered while
 * the broker counts may or may not be in the count, and is taken to be: the last of what nobody had may go without a
 * mark, while nothing new has one for longer than the count takes. What was in a consumer's hands is never without.
 */
export class Backlog {
  readonly #count: () => Promise<number>;
  #isMeasured: boolean;
  #isMeasuring = false;
  /** Deliveries so far. */
  #delivered = 0;
  /** Deliveries that were there before. */
  #before: number;

  /**
   * @param ready messages to be delivered
   * @param consumers others that are subscribed to the queue
   * @param count asks the broker again for the messages to be delivered
   */
  constructor(ready: number, consumers: number, count: () => Promise<number>) {
    this.#before = ready;
    this.#isMeasured = consumers === 0;
    this.#count = count;
  }

  /** To be called for each delivery, in order, with what the broker says of it. */
  wasThere(isRedelivered: boolean): boolean {
    this.#delivered += 1;
    if (!this.#isMeasured) {
      if (!this.#isMeasuring) void this.#measure();
      return true;
    }
    return isRedelivered || this.#delivered <= this.#before;
  }

  async #measure(): Promise<void> {
    this.#isMeasuring = true;
    const asked = this.#delivered;
    // It fails with its channel, and nothing is delivered any more then.
    const ready = await this.#count().catch(() => 0);
    this.#before = asked + ready;
    this.#isMeasured = true;
  }
}
