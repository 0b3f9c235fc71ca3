import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

export interface StartupOptions {
  readonly logger: Logger;
  /** Pause between two tries, milliseconds. */
  readonly pauseMs: number;
  /** Ends the tries. */
  readonly signal: AbortSignal;
  /** Errors that no waiting will cure; they are thrown. */
  readonly isFatal: (error: unknown) => boolean;
}

/**
 * Tries until it works: servers of a cluster come up in any order. The first failure is logged, then one in ten.
 *
 * @param what for the log: `the database`
 * @throws what `isFatal` says, or the last error when the signal aborts
 */
export async function untilItWorks<T>(what: string, action: () => Promise<T>, options: StartupOptions): Promise<T> {
  const { logger, pauseMs, signal, isFatal } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (isFatal(error) || signal.aborted) throw error;
      if (attempt % 10 === 0) logger.warn({ err: error, attempt }, `waiting for ${what}`);
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
