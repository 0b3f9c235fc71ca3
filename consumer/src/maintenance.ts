import { setImmediate } from 'node:timers/promises';
import { type CleanupResult, type Clock, type EntryStore, type Fence, StrataError } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import type { CacheUpdates } from './cache-updates.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { Intake } from './intake.ts';
import type { ConsumerMetrics } from './metrics.ts';

export interface MaintenanceOptions {
  readonly store: EntryStore;
  readonly cache: CacheUpdates;
  readonly intake: Pick<Intake, 'sessions' | 'hasWork' | 'wake'>;
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

/** The shortest pause between two steps while there is something to apply, milliseconds. */
const minBusyPauseMs = 5;

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
  #pauseMs = 0;
  /** Resolves when the step that is due was run. */
  #stepped = Promise.withResolvers<void>();

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
    const startedAt = performance.now();
    const task = this.#tasks.shift();
    const isFull = task !== undefined && (await this.#run(task));
    // There is more of it. The others first, so that a long backlog holds up neither partitions nor kinds.
    if (isFull) this.#tasks.push(task);
    this.#pauseMs = this.#pauseAfter(isFull, performance.now() - startedAt);
    this.#stepped.resolve();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stepped.resolve();
    await this.#ticking;
  }

  /** Makes a step due, waits until it was run, and pauses. */
  async #tick(): Promise<void> {
    const { clock, intake, settings } = this.#options;
    const { signal } = this.#closing;
    this.#pauseMs = settings.cleanEveryMs;
    for (;;) {
      if (this.#pauseMs > 0) await clock.sleep(this.#pauseMs, signal);
      // Lets in what has come meanwhile: it is applied before the next step.
      else await setImmediate();
      if (signal.aborted) return;
      if (this.#tasks.length === 0) this.#tasks = this.#round();
      this.#pauseMs = settings.cleanEveryMs;
      if (this.#tasks.length === 0) continue;
      this.#stepped = Promise.withResolvers();
      this.#isDue = true;
      intake.wake();
      await this.#stepped.promise;
    }
  }

  /**
   * A step that found as much as it may remove has more to do: at once when nothing else waits, else for half of the
   * time. Paced as when there is little to do, cleaning would fall behind the writes for ever.
   */
  #pauseAfter(isFull: boolean, tookMs: number): number {
    const { intake, settings } = this.#options;
    if (this.#tasks.length === 0) return settings.cleanEveryMs;
    if (!isFull) return settings.cleanPauseMs;
    return intake.hasWork ? Math.max(minBusyPauseMs, tookMs) : 0;
  }

  /** Whether the step removed as much as it may. Never rejects. */
  async #run(task: Task): Promise<boolean> {
    const { logger, metrics, settings } = this.#options;
    const fence = this.#fenceOf(task.partition);
    if (fence === undefined) return false;
    try {
      const { removed } = await this.#clean(task.kind, fence);
      if (removed > 0) metrics.cleaned.inc({ kind: task.kind }, removed);
      return removed >= settings.cleanLimit;
    } catch (error) {
      metrics.cleanFailures.inc();
      this.#tasks = [];
      if (!(error instanceof StrataError)) logger.error({ err: error, ...task }, 'a step of cleaning failed');
      return false;
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
