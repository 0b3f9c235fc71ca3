/** Weight of the newest message, once there have been a few. */
const weight = 1 / 128;

/** The mean size of the messages that went through this process of late, to tell bytes from a count of messages. */
export class MeanSize {
  #messages = 0;
  #bytes: number;

  /** @param assumed bytes, until there has been a message */
  constructor(assumed: number) {
    this.#bytes = assumed;
  }

  add(bytes: number): void {
    this.#messages += 1;
    this.#bytes += (bytes - this.#bytes) * Math.max(weight, 1 / this.#messages);
  }

  /** Bytes. */
  get bytes(): number {
    return this.#bytes;
  }
}
