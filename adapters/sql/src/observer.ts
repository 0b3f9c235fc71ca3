/** Told of what the adapter rides out, for metrics. None of it may throw. */
export interface SqlObserver {
  /** A transaction starts over; `sqlState` is 40001 or 40P01. */
  onRetry?(sqlState: string): void;
  /** A connection could not be opened. `host` is name and port. */
  onConnectFailure?(host: string, error: Error): void;
  /** A connection was given up: it died, or a deadline passed. */
  onConnectionLost?(error: Error): void;
}

/** Connections of a pool, and calls that wait for one. */
export interface PoolStats {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}
