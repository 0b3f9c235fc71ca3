import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@stratakv/core';

/** The longest timer Node takes; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    try {
      let left = Math.max(ms, 0);
      for (; left > maxTimerMs; left -= maxTimerMs) await delay(maxTimerMs, undefined, options(signal));
      await delay(left, undefined, options(signal));
    } catch {
      // Only the signal makes a timer reject, and an aborted sleep just ends.
    }
  },
};

function options(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
