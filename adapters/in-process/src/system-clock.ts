import type { Clock } from '@stratakv/core';

/** The longest timer Node takes; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: Date.now,
  // The one of node:timers/promises rejects when it is cut short, and the error costs more than all the rest of a sleep.
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const wait = (left: number) => {
        const next = Math.min(left, maxTimerMs);
        timer = setTimeout(() => (left > next ? wait(left - next) : end()), next);
      };
      if (signal?.aborted) {
        resolve();
        return;
      }
      wait(Math.max(ms, 0));
      signal?.addEventListener('abort', end);
    }),
};
