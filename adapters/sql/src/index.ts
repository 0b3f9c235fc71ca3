export { type DatabaseAddress, DatabaseUrlError, parseDatabaseUrl } from './database-url.ts';
export { SqlEntryReader } from './entry-reader.ts';
export { SqlEntryStore } from './entry-store.ts';
export { InstallationMismatch } from './installation.ts';
export type { PoolStats, SqlObserver } from './observer.ts';
export { openSqlReader, openSqlStore, type SqlReaderOptions, type SqlStore, type SqlStoreOptions } from './open.ts';
export { defaultTimeouts, type SqlTimeouts } from './timeouts.ts';
