/** How a storage node reads. Embedded takes the defaults; a process of its own reads them from its settings table. */
export interface StorageSettings {
  /** How old a cached entry may be for the level `cached`, milliseconds. The bound on staleness after a cache fault. */
  readonly freshMs: number;
  /** The same for cached absence, as far as answers tell it; the cache itself decides how long it keeps absence. */
  readonly absentFreshMs: number;
  /** Keys in one read of the database. */
  readonly maxBatchKeys: number;
  /** About how many bytes of entries one read of the database may bring, judged by those before. */
  readonly maxBatchBytes: number;
  /** Reads of the database that run at the same time. */
  readonly maxBatchesInFlight: number;
  /** Reads that wait for the database, in all; more are refused as `overloaded`. */
  readonly maxWaitingReads: number;
  /** Of these, how many may go round a cache that is down. */
  readonly maxBypassReads: number;
  /** Reads of the database are refused when it has answered none for this long, milliseconds. */
  readonly stuckAfterMs: number;
  /** How long the cache is left alone after it failed, milliseconds. */
  readonly cacheRetryMs: number;
}

export const defaultStorageSettings: StorageSettings = {
  freshMs: 60_000,
  absentFreshMs: 2_000,
  maxBatchKeys: 128,
  maxBatchBytes: 8 * 1024 * 1024,
  maxBatchesInFlight: 4,
  maxWaitingReads: 10_000,
  maxBypassReads: 2_000,
  stuckAfterMs: 2_000,
  cacheRetryMs: 250,
};
