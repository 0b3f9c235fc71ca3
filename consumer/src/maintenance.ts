import { type CleanupResult, type Clock, type EntryStore, type Fence, StrataError } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import type { CacheUpdates } from './cache-updates.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { Intake } from './intake.ts';
import type { ConsumerMetrics } from './metrics.ts';

export interface MaintenanceOptions {
  readonly store: EntryStore;
  readonly cache: CacheUpdates;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ConsumerMetrics;
  readonly settings: ConsumerSettings;
}

type Kind = 'expired' | 'tombstones' | 'operations';

interface Task {
  readonly partition: number;
  readonly kind: Kind;
}

const kinds: readonly Kind[] = ['expired', 'tombstones', 'operations'];

/**
 * Removes expired entries, old tombstones and operations that left the log, in the partitions held, under their fences.
 * Works in small steps that the consumer runs between two batches, so that no batch waits for more than one of them.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #closing = new AbortController();
  readonly #ticking: Promise<void>;
  #tasks: Task[] = [];
  #isDue = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#ticking = this.#tick();
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  /** Runs one step. Never rejects. */
  async step(): Promise<void> {
    this.#isDue = false;
    const task = this.#tasks.shift();
    const fence = task && this.#fenceOf(task.partition);
    if (task === undefined || fence === undefined) return;
    const { logger, metrics, settings } = this.#options;
    try {
      const { removed } = await this.#clean(task.kind, fence);
      if (removed > 0) metrics.cleaned.inc({ kind: task.kind }, removed);
      // There is more of it: the same again, after the pause.
      if (removed >= settings.cleanLimit) this.#tasks.unshift(task);
    } catch (error) {
      metrics.cleanFailures.inc();
      this.#tasks = [];
      if (!(error instanceof StrataError)) logger.error({ err: error, ...task }, 'a step of cleaning failed');
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ticking;
  }

  /** Makes a step due after each pause while there is work, and a new round after a longer one. */
  async #tick(): Promise<void> {
    const { clock, intake, settings } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(this.#tasks.length > 0 ? settings.cleanPauseMs : settings.cleanEveryMs, signal);
      if (this.#tasks.length === 0) this.#tasks = this.#round();
      this.#isDue = this.#tasks.length > 0;
      if (this.#isDue) intake.wake();
    }
  }

  #round(): Task[] {
    const { intake } = this.#options;
    return intake.sessions.flatMap(({ partition }) => kinds.map((kind) => ({ partition, kind })));
  }

  /** The fence to clean under; undefined when the partition is not held now. */
  #fenceOf(partition: number): Fence | undefined {
    const session = this.#options.intake.sessions.find((held) => held.partition === partition);
    if (session === undefined || !session.isUsable || session.fence === undefined) return undefined;
    return { partition, token: session.fence.token };
  }

  async #clean(kind: Kind, fence: Fence): Promise<CleanupResult> {
    const { store, cache, settings } = this.#options;
    switch (kind) {
      case 'expired': {
        const result = await store.expire(fence, settings.cleanLimit);
        // Nobody reads them from the cache any more; this only gives their room back.
        const marker = await cache.invalidate(result.keys);
        await cache.put(result.keys, [], marker);
        return result;
      }
      case 'tombstones':
        return store.pruneTombstones(fence, settings.tombstoneAgeMs, settings.cleanLimit);
      case 'operations':
        return store.pruneOperations(fence, settings.cleanLimit);
    }
  }
}
