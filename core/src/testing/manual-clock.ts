import type { Clock } from '../ports/clock.ts';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** Time that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];

  /** @param startMs milliseconds since 1970 */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = () => this.#wake(sleeper);
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: this.#now + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', abort);
    });
  }

  /**
   * Moves time by `ms` milliseconds; backwards when negative, as clocks of servers may. Wakes who should be awake by
   * then, in the order of their times, and resolves when what they did at once is done.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#now = Math.max(this.#now, next.wakeAt);
      this.#wake(next);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = target;
  }

  #next(target: number): Sleeper | undefined {
    const due = this.#sleepers.filter(({ wakeAt }) => wakeAt <= target);
    return due.sort((a, b) => a.wakeAt - b.wakeAt)[0];
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    sleeper.wake();
  }
}
