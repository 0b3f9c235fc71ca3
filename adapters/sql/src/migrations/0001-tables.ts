import type { Migration } from '../migration.ts';

/*
 * Times are milliseconds since 1970 by the database's clock. What clients send is bytes, which any client may fill with
 * anything: a text column refuses zero bytes and what is not UTF-8.
 *
 * Nothing here grows at one end: CockroachDB splits a table by ranges of its key, and the last one would take all
 * writes. Indexes over time begin with the partition, and so do the stored operation ids.
 */
export const tables: Migration = {
  number: 1,
  name: 'tables',
  statements: [
    `CREATE TABLE IF NOT EXISTS installation (
       one int8 PRIMARY KEY CHECK (one = 1),
       partition_count int8 NOT NULL,
       installed_at int8 NOT NULL
     )`,
    // raises: since a batch was committed. passes: transactions that passed the fence. horizon: operations made before
    // may have been pruned. reached: when the newest operation applied was made.
    `CREATE TABLE IF NOT EXISTS partitions (
       partition int8 PRIMARY KEY,
       token int8 NOT NULL,
       raises int8 NOT NULL,
       passes int8 NOT NULL,
       floor int8 NOT NULL,
       horizon int8 NOT NULL,
       reached int8 NOT NULL
     )`,
    `CREATE TABLE IF NOT EXISTS entries (
       key bytea PRIMARY KEY,
       partition int8 NOT NULL,
       version int8 NOT NULL,
       is_deleted bool NOT NULL,
       modified_at int8 NOT NULL,
       expires_at int8,
       content_type bytea NOT NULL,
       meta bytea,
       value bytea NOT NULL
     )`,
    `CREATE INDEX IF NOT EXISTS expiring_entries ON entries (partition, expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS tombstones ON entries (partition, modified_at) WHERE is_deleted`,
    // id: the partition, then the time and the rest of the operation id, so that a partition's oldest come first.
    `CREATE TABLE IF NOT EXISTS operations (
       id bytea PRIMARY KEY,
       action text,
       key bytea,
       status text NOT NULL,
       version int8,
       is_created bool,
       expires_at int8,
       code text,
       settled_at int8 NOT NULL,
       identity bytea,
       fingerprint bytea
     )`,
    `CREATE UNIQUE INDEX IF NOT EXISTS operation_identities ON operations (identity) WHERE identity IS NOT NULL`,
  ],
};
