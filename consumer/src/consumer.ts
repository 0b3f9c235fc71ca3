import type { Clock, EntryCache, EntryStore, OperationQueue, OutcomeFeed, PartitionLock } from '@stratakv/core';
import type { Logger, Metrics } from '@stratakv/service-kit';
import { BatchApplier } from './apply-batch.ts';
import { BatchPace } from './batch-pace.ts';
import { CacheUpdates } from './cache-updates.ts';
import { type ConsumerSettings, defaultConsumerSettings } from './consumer-settings.ts';
import { Intake } from './intake.ts';
import { Maintenance } from './maintenance.ts';
import { ConsumerMetrics } from './metrics.ts';
import { PartitionShares } from './partition-shares.ts';

export interface ConsumerDeps {
  readonly queue: OperationQueue;
  readonly store: EntryStore;
  readonly cache: EntryCache;
  readonly lock: PartitionLock;
  readonly outcomes: OutcomeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** P of this installation. */
  readonly partitionCount: number;
  /** This consumer's name among the others: different for each process that runs. */
  readonly name: string;
  /** What differs from `defaultConsumerSettings`. */
  readonly settings?: Partial<ConsumerSettings>;
}

/** A consumer at work. */
export interface Consumer {
  /** Partitions it serves now. */
  readonly partitions: readonly number[];
  /** Whether it works without leases because the lock service is gone. */
  readonly isDegraded: boolean;
  /**
   * Finishes the batch in flight, hands its partitions over and stops. The ports stay open: they belong to the caller,
   * who closes the lock next, so that the others take over at once.
   */
  close(): Promise<void>;
}

/** Starts to apply what is queued. Partitions are taken in the background; it never fails, it only has nothing to do. */
export function startConsumer(deps: ConsumerDeps): Consumer {
  const settings = { ...defaultConsumerSettings, ...deps.settings };
  const metrics = new ConsumerMetrics(deps.metrics);
  metrics.partitionCount.set(deps.partitionCount);
  const closing = new AbortController();
  const common = { ...deps, settings, metrics };
  const intake = new Intake(common);
  const cache = new CacheUpdates({ cache: deps.cache, metrics, retryMs: settings.cacheRetryMs });
  const applier = new BatchApplier({ ...common, cache, signal: closing.signal });
  const maintenance = new Maintenance({ ...common, cache, intake });
  const shares = new PartitionShares({ ...common, intake });
  const working = work({ intake, applier, maintenance, pace: new BatchPace(settings), closing: closing.signal });

  return {
    get partitions() {
      return shares.partitions;
    },
    get isDegraded() {
      return shares.isDegraded;
    },
    close: async () => {
      closing.abort();
      intake.wake();
      await maintenance.close();
      // Waits for the batch in flight itself, but not for ever: a database that hangs must not hold the hand-over.
      await shares.close();
      const waited = new AbortController();
      await Promise.race([working, deps.clock.sleep(settings.handOverMs, waited.signal)]);
      waited.abort();
    },
  };
}

interface Work {
  readonly intake: Intake;
  readonly applier: BatchApplier;
  readonly maintenance: Maintenance;
  readonly pace: BatchPace;
  readonly closing: AbortSignal;
}

/** The one loop that writes: batches as they come, and a step of cleaning between two of them when one is due. */
async function work({ intake, applier, maintenance, pace, closing }: Work): Promise<void> {
  while (!closing.aborted) {
    if (maintenance.isDue) await maintenance.step();
    const earlyMs = pace.earlyMs(intake);
    if (earlyMs > 0) {
      await intake.gather(earlyMs);
      continue;
    }
    const batch = intake.take();
    if (batch === undefined) {
      if (!maintenance.isDue) await intake.wait();
      continue;
    }
    await pace.timed(() => applier.apply(batch));
  }
  await applier.finish();
}
