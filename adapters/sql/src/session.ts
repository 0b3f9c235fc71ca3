import type { ConnectionOptions } from 'node:tls';
import { Client, type CustomTypesConfig, DatabaseError, type QueryConfig, type QueryResult, types } from 'pg';
import type { DatabaseAddress, HostAddress } from './database-url.ts';
import type { Statement } from './statement.ts';
import type { SqlTimeouts } from './timeouts.ts';

/** What one connection asks and is answered. */
export interface Session {
  /** Whether the other side is CockroachDB: the isolation level is the only thing that depends on it. */
  readonly isCockroach: boolean;
  /**
   * Runs a statement. Several may be asked for at once: they travel together and are run in order, each by itself, so
   * one that fails stops those behind it only inside a transaction.
   */
  ask<Row>(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Whether the server has a statement already, so that it is not sent along any more. */
  hasPrepared(statement: Statement): boolean;
  /** Runs a statement that takes and gives nothing. */
  command(text: string): Promise<void>;
  /** Commits; rejects when the transaction is not, or may not be, on disk. */
  commit(): Promise<void>;
}

export interface SessionOptions {
  readonly address: DatabaseAddress;
  readonly tls: false | ConnectionOptions;
  readonly timeouts: SqlTimeouts;
  readonly applicationName: string;
}

/** Bytes come as hexadecimal text, whatever the server's default is. */
const prepareAny: Statement = { name: '', text: `SELECT version(), set_config('bytea_output', 'hex', false)` };

/*
 * Every statement here finds its rows by an index. Without statistics, as in a table that has just begun to grow,
 * PostgreSQL may plan to read it all, and a prepared plan stays. Its compiler never pays for statements this small.
 * A commit that is answered must be on disk, whatever the server's default is.
 */
const preparePostgres: Statement = {
  name: '',
  text: `
    SELECT pg_is_in_recovery() AS is_standby,
      set_config('enable_seqscan', 'off', false),
      set_config('jit', 'off', false),
      set_config('synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,
        false)`,
};

/** What in PostgreSQL's source tells of it: only a warning without a code of its own, in the server's language. */
const standbyWait = 'SyncRepWaitForLSN';
const inFailedTransaction = '25P02';
const oids = { bytea: 17, int8: 20 };

/** Reads 8-byte integers as numbers. All of ours are versions, times and counts below 2^53. */
function parseInt8(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('the database holds a number that is no safe integer');
  return number;
}

function parseBytea(text: string): Buffer {
  if (!text.startsWith('\\x')) throw new TypeError('the database writes bytes in an unknown form');
  return Buffer.from(text.slice(2), 'hex');
}

const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === oids.int8) return parseInt8;
    if (oid === oids.bytea) return parseBytea;
    return types.getTypeParser(oid, format as 'text');
  }) as CustomTypesConfig['getTypeParser'],
};

/** A connection to one host. */
export class SessionClient extends Client implements Session {
  readonly address: HostAddress;
  /** Resolves when the connection is gone, or could not be made. */
  readonly ended: Promise<void>;
  readonly #openedAt = performance.now();
  #answeredAt = 0;
  #isCockroach = false;
  #isEnded = false;
  #isCommitInDoubt = false;
  readonly #prepared = new Set<string>();
  /** What failed first in the transaction; the statements behind it fail for no reason of their own. */
  #abortedBy: unknown;
  /** Statements without an answer. */
  #unanswered = 0;

  constructor(host: HostAddress, { address, tls, timeouts, applicationName }: SessionOptions) {
    super({
      host: host.host,
      port: host.port,
      user: address.user,
      password: address.password,
      database: address.database,
      ssl: tls,
      options: address.options,
      application_name: applicationName,
      statement_timeout: timeouts.statementMs,
      lock_timeout: timeouts.lockMs,
      idle_in_transaction_session_timeout: timeouts.idleInTransactionMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      pipeline: true,
      types: typeParsers,
    });
    this.address = host;
    // A connection that dies while it is used rejects what was asked of it. pg tells it as an event too, which would
    // end the process when nobody listens.
    this.on('error', () => {});
    this.on('notice', (notice) => {
      // The wait for a standby was broken off: committed here, and perhaps only here.
      if (notice.routine === standbyWait) this.#isCommitInDoubt = true;
    });
    this.ended = new Promise((resolve) => {
      this.on('end', () => {
        this.#isEnded = true;
        resolve();
      });
    });
  }

  get isCockroach(): boolean {
    return this.#isCockroach;
  }

  /** When it last answered, by `performance.now()`. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  get ageMs(): number {
    return performance.now() - this.#openedAt;
  }

  /** Whether it is open, with all answers there and no transaction left open. */
  get isIdle(): boolean {
    const isOpen = !this.#isEnded && this.connection.stream.writable;
    return isOpen && this.#unanswered === 0 && this.getTransactionStatus() === 'I';
  }

  /** Connects, and makes the session ready. Rejects for a standby, and when it takes longer than `ms`. */
  async open(ms: number): Promise<void> {
    const timer = setTimeout(() => this.destroy(), ms);
    try {
      await this.connect();
      const [server] = await this.ask<{ version: string }>(prepareAny);
      this.#isCockroach = server?.version.includes('CockroachDB') ?? false;
      if (this.#isCockroach) return;
      const [found] = await this.ask<{ is_standby: boolean }>(preparePostgres);
      // It is behind: a read would miss writes.
      if (found?.is_standby !== false) throw new Error('the server is a standby');
    } finally {
      clearTimeout(timer);
    }
  }

  async ask<Row>(statement: Statement, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#send({ ...statement, values: [...values] });
    this.#prepared.add(statement.name);
    return rows as Row[];
  }

  hasPrepared({ name }: Statement): boolean {
    return this.#prepared.has(name);
  }

  async command(text: string): Promise<void> {
    if (text.startsWith('BEGIN')) this.#abortedBy = undefined;
    await this.#send({ text });
  }

  async commit(): Promise<void> {
    this.#isCommitInDoubt = false;
    const { command } = await this.#send({ text: 'COMMIT' });
    if (this.#isCommitInDoubt) throw new Error('the commit was not confirmed by the standby');
    if (command !== 'COMMIT') throw this.#abortedBy ?? new Error('the transaction was rolled back');
  }

  /** Cuts the connection, without a word to the other side. */
  destroy(): void {
    this.connection.stream.destroy();
  }

  async #send(config: QueryConfig): Promise<QueryResult> {
    this.#unanswered += 1;
    try {
      const result = await this.query(config);
      this.#answeredAt = performance.now();
      return result;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#answeredAt = performance.now();
      if (error.code === inFailedTransaction) throw this.#abortedBy ?? error;
      this.#abortedBy = error;
      throw error;
    } finally {
      this.#unanswered -= 1;
    }
  }
}
