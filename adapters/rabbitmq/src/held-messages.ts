/** What a subscription has delivered and not acked, in order. */
export class HeldMessages {
  readonly #sizes = new Map<number, number>();
  #bytes = 0;
  #lastTag = 0;

  add(tag: number, bytes: number): void {
    this.#sizes.set(tag, bytes);
    this.#bytes += bytes;
    this.#lastTag = tag;
  }

  /** Takes out everything up to a tag, and says how many messages that was. */
  take(tag: number): number {
    const before = this.#sizes.size;
    for (const [held, bytes] of this.#sizes) {
      if (held > tag) break;
      this.#sizes.delete(held);
      this.#bytes -= bytes;
    }
    return before - this.#sizes.size;
  }

  get lastTag(): number {
    return this.#lastTag;
  }

  get messages(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
