import type { HostAddress } from './database-url.ts';

/** How long a host that failed is left alone while there are others, milliseconds. */
const restMs = 10_000;

/**
 * The order in which hosts are tried: in turn from a random one, so that many processes spread over them, with those
 * that failed lately left alone.
 */
export class HostRotation {
  readonly #hosts: readonly HostAddress[];
  /** When a host that failed may be tried again, by `performance.now()`. */
  readonly #restUntil = new Map<HostAddress, number>();
  #turn: number;

  /** @param hosts at least one */
  constructor(hosts: readonly HostAddress[]) {
    this.#hosts = hosts;
    this.#turn = Math.floor(Math.random() * hosts.length);
  }

  get count(): number {
    return this.#hosts.length;
  }

  /** The host to try now. When all rest, the one that has rested longest. */
  next(): HostAddress {
    const now = performance.now();
    const order = this.#hosts.map((_, index) => this.#hosts[(this.#turn + index) % this.#hosts.length] as HostAddress);
    const rested = order.find((host) => (this.#restUntil.get(host) ?? 0) <= now);
    const chosen = rested ?? order.reduce((best, host) => (this.#rest(host) < this.#rest(best) ? host : best));
    this.#turn = (this.#hosts.indexOf(chosen) + 1) % this.#hosts.length;
    return chosen;
  }

  failed(host: HostAddress): void {
    this.#restUntil.set(host, performance.now() + restMs);
  }

  worked(host: HostAddress): void {
    this.#restUntil.delete(host);
  }

  #rest(host: HostAddress): number {
    return this.#restUntil.get(host) ?? 0;
  }
}
