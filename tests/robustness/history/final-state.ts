/*
 * What is found after the traffic has ended, every fault is healed and all that was queued is applied: "after quiet".
 * Times are milliseconds since 1970, unless "run clock" is said: then they are on the clock of the calls.
 */

/** What a read shows; without members when there is no entry. */
export interface View {
  readonly value?: string | undefined;
  readonly version?: number | undefined;
  readonly expiresAt?: number | undefined;
}

export interface FinalKey {
  readonly key: string;
  /** Read with `no-cache`. */
  readonly database: View;
  /** Read after that, at the level `cached`. */
  readonly cache: View;
  /** When they were read, run clock. */
  readonly readAt: number;
}

/** A row of the operations log. */
export interface LogRow {
  readonly id: string;
  /** Absent when only the id was known: a settled or undecodable operation. */
  readonly key?: string | undefined;
  readonly action?: 'put' | 'delete' | undefined;
  readonly status: 'applied' | 'rejected' | 'failed';
  /** Absent for the delete of an absent key, and for what was not applied. */
  readonly version?: number | undefined;
  /** Of a put that was applied: whether there was no entry before. */
  readonly created?: boolean | undefined;
  readonly expiresAt?: number | undefined;
  /** When the id was made, by the gateway's clock. */
  readonly acceptedAt?: number | undefined;
  /** By the database's clock. */
  readonly settledAt: number;
  /** Last part of the problem's type. */
  readonly problem?: string | undefined;
  readonly currentVersion?: number | undefined;
}

/** The operations of the run's keys; what the run itself wrote to drain queues or warm up is left out. */
export interface OperationsLog {
  /**
   * Whether every row is here: read from the database, nothing pruned. If not, these are the rows that were asked for by
   * id, and a write that nobody has an id of may have been applied without one.
   */
  readonly isWhole: boolean;
  readonly rows: readonly LogRow[];
}

/** A fault that happened: seen by the one who made it, not only ordered. */
export interface FaultWindow {
  readonly name: string;
  /** Run clock. Of a failover as much earlier as the replica that was promoted may have been behind. */
  readonly from: number;
  /** Run clock: when all was seen to be well again. */
  readonly to: number;
  /** Whether the cache may have missed writes: Redis away or rolled back, a storage node or consumer frozen or cut off. */
  readonly mayStaleCache: boolean;
  /** Whether reads of the database may have failed. */
  readonly mayFailDatabase: boolean;
}

export interface FinalState {
  readonly keys: readonly FinalKey[];
  readonly log: OperationsLog;
  readonly deadLetters: {
    /** In all dead-letter queues. */
    readonly found: number;
    /** Messages the run sent that can only end there. */
    readonly planted: number;
  };
  readonly faults: {
    /** Names; one that is planned twice is here twice. */
    readonly planned: readonly string[];
    readonly happened: readonly FaultWindow[];
  };
}
