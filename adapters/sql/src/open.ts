import { Database, type Isolation } from './database.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { SqlEntryReader } from './entry-reader.ts';
import { SqlEntryStore } from './entry-store.ts';
import { callFailure } from './failure.ts';
import { InstallationMismatch, recordPartitionCount } from './installation.ts';
import { migrate } from './migration.ts';
import { migrations } from './migrations/index.ts';
import type { SqlObserver } from './observer.ts';
import { defaultTimeouts, type SqlTimeouts } from './timeouts.ts';
import { tlsOptions } from './tls.ts';

export interface SqlReaderOptions {
  /** `postgresql://user:password@host1:port,host2:port/database?sslmode=…` */
  readonly url: string;
  /** Connections, 10 by default. */
  readonly maxConnections?: number;
  /** Calls that may wait for a connection, 1,000 by default; further ones fail with `overloaded`. */
  readonly maxWaiting?: number;
  readonly timeouts?: Partial<SqlTimeouts>;
  /** What the database's own views call the connections. */
  readonly applicationName?: string;
  readonly observer?: SqlObserver;
}

export interface SqlStoreOptions extends SqlReaderOptions {
  /** How long operations are remembered, milliseconds. */
  readonly retentionMs: number;
  /** How much longer in partitions that are no longer written, milliseconds; twice as long by default. See cleanup.ts. */
  readonly queueMarginMs?: number;
  /** Left out: what the database needs. See `DatabaseOptions`. */
  readonly isolation?: Isolation;
}

/** The two ports that one database stands for, over one set of connections. */
export interface SqlStore {
  readonly store: SqlEntryStore;
  readonly reader: SqlEntryReader;
  /**
   * Brings the tables up to date and makes sure that the database was set up for this number of partitions, which the
   * first to ask decides. To be called before anything else; may be called again when it fails with StrataError.
   *
   * @throws InstallationMismatch, which trying again does not mend; StrataError `unavailable`
   */
  ensureInstallation(partitionCount: number): Promise<void>;
  /** Once, however often called. */
  close(): Promise<void>;
}

/** With a week of log, three weeks in all; who keeps a short log has said that nothing waits for long. */
const queueMarginPerRetention = 2;
/** For one statement of a migration, which may fill an index over all there is. */
const migrationMs = 3600 * 1000;
/** How long to wait for another node's migration. */
const migrationWaitMs = 60_000;

/**
 * Opens a database for writing. Connects when it is first used, so the database may come later.
 *
 * @throws DatabaseUrlError
 */
export function openSqlStore(options: SqlStoreOptions): SqlStore {
  const { retentionMs, queueMarginMs = queueMarginPerRetention * retentionMs } = options;
  const database = openDatabase({ maxConnections: 4, ...options }, options.isolation);
  const store = new SqlEntryStore(database, { retentionMs, queueMarginMs });
  let closed: Promise<void> | undefined;
  return {
    store,
    reader: new SqlEntryReader(database),
    ensureInstallation: async (partitionCount) => {
      try {
        await bringUpToDate(database, options);
        await recordPartitionCount(database, partitionCount);
      } catch (error) {
        throw error instanceof InstallationMismatch ? error : callFailure(error);
      }
    },
    close: () => (closed ??= database.close()),
  };
}

/**
 * Opens a database for reading: for a process, or with a role, that never writes.
 *
 * @throws DatabaseUrlError
 */
export function openSqlReader(options: SqlReaderOptions): SqlEntryReader {
  return new SqlEntryReader(openDatabase(options, undefined));
}

async function bringUpToDate(database: Database, options: SqlStoreOptions): Promise<void> {
  const timeouts = { ...options.timeouts, statementMs: migrationMs, callMs: migrationMs };
  const patient = openDatabase({ ...options, timeouts, maxConnections: 1 }, undefined);
  try {
    await migrate({ database, patient }, migrations, migrationWaitMs);
  } finally {
    await patient.close();
  }
}

function openDatabase(options: SqlReaderOptions, isolation: Isolation | undefined): Database {
  const address = parseDatabaseUrl(options.url);
  return new Database({
    address,
    tls: tlsOptions(address.tls),
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    applicationName: options.applicationName ?? 'stratakv',
    maxConnections: options.maxConnections ?? 10,
    maxWaiting: options.maxWaiting ?? 1000,
    observer: options.observer ?? {},
    isolation,
  });
}
