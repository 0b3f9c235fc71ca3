import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import { isRetryable, sqlStateOf } from './failure.ts';
import type { PoolStats } from './observer.ts';
import type { Session } from './session.ts';
import { Deadline } from './timeouts.ts';

/** How strictly writing transactions are kept apart. */
export type Isolation = 'read committed' | 'serializable';

export interface DatabaseOptions extends PoolOptions {
  /** Undefined: `serializable` on CockroachDB, `read committed` on PostgreSQL, where the fences make it enough. */
  readonly isolation: Isolation | undefined;
}

// The database's own protocol for transactions that lost against others: over again, each time after a longer pause.
const maxRetries = 8;
const firstPauseMs = 5;
const maxPauseMs = 500;

/** A database, asked in calls that have a deadline. */
export class Database {
  readonly #options: DatabaseOptions;
  readonly #pool: ConnectionPool;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool(options);
  }

  get stats(): PoolStats {
    return this.#pool.stats;
  }

  /**
   * Does some work on one connection. It starts over when the database says that it lost against another transaction,
   * so it must change nothing but the database.
   *
   * @throws what `work` throws or the pool does: StrataError, DatabaseError, or an error of the connection
   */
  call<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#options.timeouts.callMs);
    return this.#pool.use(deadline, (session) => this.#retry(deadline, () => work(session)));
  }

  /**
   * Does some work in a transaction that may write. `work` begins with what `begin` gave it and commits itself, so that
   * both travel together with statements.
   */
  write<T>(work: (session: Session, begin: () => Promise<void>) => Promise<T>): Promise<T> {
    return this.call((session) =>
      rolledBack(session, () => work(session, () => session.command(this.#begin(session)))),
    );
  }

  /** Does some work in a transaction that shows one snapshot to all its statements. */
  snapshot<T>(work: (session: Session, begin: () => Promise<void>) => Promise<T>): Promise<T> {
    const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';
    return this.call((session) => rolledBack(session, () => work(session, () => session.command(begin))));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #begin({ isCockroach }: Session): string {
    const isolation = this.#options.isolation ?? (isCockroach ? 'serializable' : 'read committed');
    return isolation === 'serializable' ? 'BEGIN ISOLATION LEVEL SERIALIZABLE' : 'BEGIN ISOLATION LEVEL READ COMMITTED';
  }

  async #retry<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await attempt();
      } catch (error) {
        // Full jitter, so that those who collided do not meet again.
        const pauseMs = Math.random() * Math.min(maxPauseMs, firstPauseMs * 2 ** retries);
        if (!isRetryable(error) || retries === maxRetries || deadline.leftMs <= pauseMs) throw error;
        this.#options.observer.onRetry?.(sqlStateOf(error) ?? '');
        await delay(pauseMs);
      }
    }
  }
}

/** After a failure nothing of the transaction stays, and all that was asked has been answered. */
async function rolledBack<T>(session: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // When this fails too, the connection is gone, and its transaction with it.
    await session.command('ROLLBACK').catch(() => {});
    throw error;
  }
}
