import { DatabaseSync } from 'node:sqlite';

/** Version of the tables below. A database of another version is refused. */
export const schemaVersion = 1;

/*
 * WITHOUT ROWID keeps a row in the index that finds it, so that a lookup, a write and a list each touch one tree.
 * `value` is the last column: SQLite spills the end of a long row to overflow pages, which a list then never reads.
 */
export const schema = `
CREATE TABLE IF NOT EXISTS installation (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE IF NOT EXISTS partitions (
  partition INTEGER PRIMARY KEY,
  token INTEGER NOT NULL,
  raises INTEGER NOT NULL,
  floor INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS entries (
  key BLOB PRIMARY KEY,
  partition INTEGER NOT NULL,
  version INTEGER NOT NULL,
  is_deleted INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  expires_at INTEGER,
  content_type TEXT NOT NULL,
  meta TEXT,
  value BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS expiring_entries ON entries (partition, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS tombstones ON entries (partition, modified_at) WHERE is_deleted = 1;

CREATE TABLE IF NOT EXISTS operations (
  partition INTEGER NOT NULL,
  id BLOB NOT NULL,
  action TEXT,
  key BLOB,
  status TEXT NOT NULL,
  version INTEGER,
  is_created INTEGER,
  expires_at INTEGER,
  code TEXT,
  settled_at INTEGER NOT NULL,
  identity TEXT,
  fingerprint TEXT,
  PRIMARY KEY (id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS idempotency ON operations (identity) WHERE identity IS NOT NULL;

CREATE TABLE IF NOT EXISTS log (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pruned_before INTEGER NOT NULL
) STRICT;
INSERT INTO log (one, pruned_before) VALUES (1, 0) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS queue (
  partition INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (partition, sequence)
) WITHOUT ROWID, STRICT;

CREATE TABLE IF NOT EXISTS dead_letters (
  number INTEGER PRIMARY KEY,
  partition INTEGER NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  operations TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
`;

export interface ConnectionOptions {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Memory for database pages, bytes. */
  readonly cacheBytes: number;
  /** Bound on the size of the database file, bytes; undefined: the disk is the bound. */
  readonly maxBytes?: number | undefined;
}

const pageBytes = 4096;

/** Size of the write-ahead log from which it is written back into the database, bytes. */
export const checkpointBytes = 64 * 1024 * 1024;

/**
 * Opens a connection with the settings that a durable answer needs: `synchronous=FULL` flushes the write-ahead log in
 * every commit (SQLite manual, "PRAGMA synchronous").
 *
 * @throws whatever node:sqlite throws (see `describeFailure`)
 */
export function openConnection(options: ConnectionOptions): DatabaseSync {
  const database = new DatabaseSync(options.path, { readOnly: options.isReadOnly, timeout: 5000 });
  if (!options.isReadOnly) {
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    // The savepoint of a job keeps a copy of each page it changes: in memory, not in a temporary file.
    database.exec('PRAGMA temp_store = MEMORY;');
    // A page that is written often is copied to the database once a checkpoint: the rarer, the less is written.
    database.exec(
      `PRAGMA wal_autocheckpoint = ${checkpointBytes / pageBytes}; PRAGMA journal_size_limit = ${checkpointBytes};`,
    );
    if (options.maxBytes !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageBytes))}`);
    }
  }
  database.exec(`PRAGMA cache_size = -${Math.floor(options.cacheBytes / 1024)}`);
  return database;
}
