import type { ConsumerSettings } from './consumer-settings.ts';

/** When the next batch may begin. */
export class BatchPace {
  readonly #settings: Pick<ConsumerSettings, 'batchEveryMs' | 'maxRestMs'>;
  #startedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(settings: Pick<ConsumerSettings, 'batchEveryMs' | 'maxRestMs'>) {
    this.#settings = settings;
  }

  /** How long the next batch is still to grow, milliseconds; not positive: it may begin. */
  earlyMs({ isFull, isAwaited }: { readonly isFull: boolean; readonly isAwaited: boolean }): number {
    if (isFull) return 0;
    const { batchEveryMs, maxRestMs } = this.#settings;
    const afterMs = isAwaited ? this.#tookMs + Math.min(this.#tookMs, maxRestMs) : batchEveryMs;
    return this.#startedAt + afterMs - performance.now();
  }

  /** Runs a batch. */
  async timed(batch: () => Promise<void>): Promise<void> {
    this.#startedAt = performance.now();
    await batch();
    this.#tookMs = performance.now() - this.#startedAt;
  }
}
