import type { HeldDelivery } from './held-delivery.ts';

/** The deliveries of one subscription that wait for their turn, in order. */
export class WaitingDeliveries {
  readonly #deliveries: HeldDelivery[] = [];
  #operations = 0;
  #bytes = 0;
  #awaited = 0;

  get head(): HeldDelivery | undefined {
    return this.#deliveries[0];
  }

  get operations(): number {
    return this.#operations;
  }

  /** Of the messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a gateway waits for an outcome of one of them. */
  get isAwaited(): boolean {
    return this.#awaited > 0;
  }

  push(delivery: HeldDelivery): void {
    this.#deliveries.push(delivery);
    this.#count(delivery, 1);
  }

  /** Takes the first one out. */
  shift(): HeldDelivery | undefined {
    const head = this.#deliveries.shift();
    if (head !== undefined) this.#count(head, -1);
    return head;
  }

  #count({ operations, bytes, isAwaited }: HeldDelivery, sign: 1 | -1): void {
    this.#operations += sign * operations.length;
    this.#bytes += sign * bytes;
    if (isAwaited) this.#awaited += sign;
  }
}
