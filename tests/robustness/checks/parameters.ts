/** How the search of one key's linearization is bounded. */
export interface SearchBounds {
  /** Milliseconds for one key. A key that takes longer is undecided, which fails the run. */
  readonly budgetMs: number;
  /** A clock of milliseconds. */
  now(): number;
}

/** A run with less of any of these proves nothing. */
export interface LeastTraffic {
  readonly calls: number;
  readonly clients: number;
  readonly keys: number;
  /** Calls of each kind that were answered. */
  readonly callsOfKind: number;
  /** Gets of each level that were answered with an entry or with none. */
  readonly readsOfLevel: number;
  /** Writes on the key that was written most. */
  readonly writesOfHottestKey: number;
  /** Writes that were waited for and answered with their outcome. */
  readonly waitedWrites: number;
  /** Writes that were answered 202. */
  readonly acceptedWrites: number;
  readonly appliedConditions: number;
  readonly rejectedConditions: number;
  /** Writes that were sent more than once under one Idempotency-Key, and were applied. */
  readonly retriedWrites: number;
  /** Sendings of writes that got no answer, or one that said that nobody knows. */
  readonly unknownWrites: number;
  /** Calls of any kind that took longer than their client waited, and those on which it hung up before that. */
  readonly timedOutCalls: number;
  readonly hungUpCalls: number;
  /** Times that an operation was asked for and its outcome told. */
  readonly outcomesAsked: number;
  readonly readsWithSyncToken: number;
  /** Puts with a time to live that were applied. */
  readonly expiringWrites: number;
  /** Of each client: calls that it lost or that were answered 5xx. */
  readonly failuresOfClient: number;
  /** Calls that were begun before the first fault. */
  readonly callsBeforeFaults: number;
  /** Of each fault: calls that were begun while it lasted. */
  readonly callsInFault: number;
  /** Writes that were begun after the last fault and answered with their outcome. */
  readonly writesAfterFaults: number;
}

/** What the store was set to, and how the checks are set. */
export interface Parameters {
  /** `KV_CACHE_TTL`. */
  readonly cacheTtlMs: number;
  /** `KV_STALE_MAX`. */
  readonly staleMaxMs: number;
  /** How far the clocks of the recording, the gateways and the database may be apart. */
  readonly skewMs: number;
  readonly search: SearchBounds;
  readonly least: LeastTraffic;
}

/** The store's defaults and DESIGN §1's second of skew; the amounts are those of a run of a minute or more. */
export const defaultParameters: Parameters = {
  cacheTtlMs: 60_000,
  staleMaxMs: 3_600_000,
  skewMs: 1000,
  search: { budgetMs: 10_000, now: () => performance.now() },
  least: {
    calls: 5000,
    clients: 8,
    keys: 50,
    callsOfKind: 50,
    readsOfLevel: 50,
    writesOfHottestKey: 200,
    waitedWrites: 500,
    acceptedWrites: 500,
    appliedConditions: 20,
    rejectedConditions: 20,
    retriedWrites: 20,
    unknownWrites: 5,
    timedOutCalls: 5,
    hungUpCalls: 5,
    outcomesAsked: 20,
    readsWithSyncToken: 50,
    expiringWrites: 10,
    failuresOfClient: 1,
    callsBeforeFaults: 500,
    callsInFault: 20,
    writesAfterFaults: 50,
  },
};
