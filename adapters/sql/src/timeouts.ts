/** Bounds on how long things take, milliseconds. */
export interface SqlTimeouts {
  /** Until a connection is ready, host by host. */
  readonly connectMs: number;
  /** One statement, by the server. */
  readonly statementMs: number;
  /** Waiting for a row lock, by the server. Longer than `idleInTransactionMs`, so that a takeover outwaits a frozen holder. */
  readonly lockMs: number;
  /**
   * Between two statements of a transaction, by the server. Shorter than a partition lease: a consumer that was frozen
   * inside its transaction holds the fence rows until this has passed.
   */
  readonly idleInTransactionMs: number;
  /** A whole call, by the client: waiting for a connection and trying again included. Then the connection is cut. */
  readonly callMs: number;
}

export const defaultTimeouts: SqlTimeouts = {
  connectMs: 3_000,
  statementMs: 5_000,
  lockMs: 4_000,
  idleInTransactionMs: 3_000,
  callMs: 8_000,
};

/** A moment after which nobody waits any more. */
export class Deadline {
  readonly #at: number;

  constructor(afterMs: number) {
    this.#at = performance.now() + afterMs;
  }

  /** Milliseconds; negative once it has passed. */
  get leftMs(): number {
    return this.#at - performance.now();
  }
}
