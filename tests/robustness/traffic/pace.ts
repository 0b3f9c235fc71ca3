import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps one client from sending more often than it should. What it missed while it waited for an answer is not made up. */
export class Pace {
  readonly #everyMs: number;
  #nextAt = 0;

  /** @param perSecond calls a second, at most */
  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  /** Resolves when the next call may be sent. */
  async wait(): Promise<void> {
    const now = performance.now();
    const pauseMs = this.#nextAt - now;
    this.#nextAt = Math.max(now - this.#everyMs, this.#nextAt) + this.#everyMs;
    if (pauseMs > 0) await sleep(pauseMs);
  }
}
