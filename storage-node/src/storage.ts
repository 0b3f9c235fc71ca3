import type { Clock, EntryCache, EntryReader, Storage } from '@stratakv/core';
import type { Logger, Metrics } from '@stratakv/service-kit';
import { CacheAccess } from './cache-access.ts';
import { DatabaseReads } from './database-reads.ts';
import { StorageMetrics } from './metrics.ts';
import { EntryReads } from './read-entries.ts';
import { defaultStorageSettings, type StorageSettings } from './storage-settings.ts';

export interface StorageDeps {
  readonly reader: EntryReader;
  readonly cache: EntryCache;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What differs from `defaultStorageSettings`. */
  readonly settings?: Partial<StorageSettings>;
}

/** Makes the storage over a reader and a cache. It holds no resource of its own: closing these two ends it. */
export function createStorage(deps: StorageDeps): Storage {
  const { reader, clock, logger } = deps;
  const settings = { ...defaultStorageSettings, ...deps.settings };
  const metrics = new StorageMetrics(deps.metrics);
  const cache = new CacheAccess({ cache: deps.cache, clock, metrics, retryMs: settings.cacheRetryMs });
  const database = new DatabaseReads({ reader, cache, clock, metrics, settings });
  const entries = new EntryReads({ cache, database, clock, logger, metrics, settings });
  return {
    readEach: (reads, deadline) => entries.readEach(reads, deadline),
    scan: (query) => reader.scan(query),
    operations: (ids) => reader.operations(ids),
    fingerprint: (identity) => reader.fingerprint(identity),
    installation: () => reader.installation(),
    check: () => reader.check(),
  };
}
