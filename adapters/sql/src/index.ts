/*
 * The stores of a cluster: CockroachDB and PostgreSQL 15 from one SQL. Tested on PostgreSQL 15. For CockroachDB it is
 * written from its documents (v23.1 to v26.1), and was not run on it. What is known to differ, and where it matters:
 *
 * - Transactions are SERIALIZABLE there and start over with 40001 (database.ts).
 * - A commit may be ambiguous, 40003; as with a lost connection, the ids of the batch are looked up when it is tried
 *   again, and so nothing is applied twice (failure.ts, apply.ts).
 * - A change of tables is no part of a transaction (migration.ts).
 * - A message has at most 16 MiB, `sql.conn.max_read_buffer_message_size` (entry-table.ts). With larger values
 *   (KV_MAX_VALUE_BYTES) it has to be raised.
 * - What is written in the order of time goes to one range (migrations/0001-tables.ts).
 * - There is no UPSERT in the other one, and no SERIAL, advisory lock or LISTEN here: none of them is used.
 *
 * A pooler in between must keep a session for a client: prepared statements and settings belong to it.
 */

export { type DatabaseAddress, DatabaseUrlError, parseDatabaseUrl } from './database-url.ts';
export { SqlEntryReader } from './entry-reader.ts';
export { SqlEntryStore } from './entry-store.ts';
export { InstallationMismatch } from './installation.ts';
export type { PoolStats, SqlObserver } from './observer.ts';
export { openSqlReader, openSqlStore, type SqlReaderOptions, type SqlStore, type SqlStoreOptions } from './open.ts';
export { defaultTimeouts, type SqlTimeouts } from './timeouts.ts';
