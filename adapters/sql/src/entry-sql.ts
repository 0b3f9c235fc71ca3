/* Statements on entries and tombstones. */

const columns = 'key, version, modified_at, expires_at, content_type, meta, value';

/** $1 keys. What is there for readers. */
export const getEntries = {
  name: 'get-entries',
  text: `
    SELECT ${columns}
    FROM entries
    WHERE key = ANY ($1::bytea[])
      AND NOT is_deleted
      AND (expires_at IS NULL OR expires_at > extract(epoch FROM now()) * 1000)`,
};

/** $1 keys. Entries and tombstones, for judging conditions. */
export const getEntryStates = {
  name: 'get-entry-states',
  text: `
    SELECT key, version, is_deleted, expires_at
    FROM entries
    WHERE key = ANY ($1::bytea[])`,
};

/**
 * $1 keys, ascending; $2 partitions, $3 versions, $4 whether deleted, $5 expiry or null, $6 content types, $7 meta or
 * null, $8 values; $9 time of all; $10 how many. A row that is newer stays, which the fence rules out: then the division
 * fails (22012), and with it the transaction, whose COMMIT is on its way already.
 */
export const putEntries = {
  name: 'put-entries',
  text: `
    WITH written AS (
      INSERT INTO entries (key, partition, version, is_deleted, expires_at, content_type, meta, value, modified_at)
      SELECT given.*, $9::int8
      FROM unnest($1::bytea[], $2::int8[], $3::int8[], $4::bool[], $5::int8[], $6::bytea[], $7::bytea[], $8::bytea[])
        AS given (key, partition, version, is_deleted, expires_at, content_type, meta, value)
      ON CONFLICT (key) DO UPDATE SET
        partition = excluded.partition,
        version = excluded.version,
        is_deleted = excluded.is_deleted,
        expires_at = excluded.expires_at,
        content_type = excluded.content_type,
        meta = excluded.meta,
        value = excluded.value,
        modified_at = excluded.modified_at
      WHERE entries.version < excluded.version
      RETURNING 1
    )
    SELECT 1 / CASE count(*) WHEN $10::int8 THEN 1 ELSE 0 END AS all_written
    FROM written`,
};

/** $1 first key, $2 the first one behind, $3 how many. Rows that are not there for readers are told too. */
export const listEntries = {
  name: 'list-entries',
  text: `
    SELECT key, version, modified_at, expires_at, content_type, octet_length(value)::int8 AS size,
      NOT is_deleted AND (expires_at IS NULL OR expires_at > extract(epoch FROM now()) * 1000) AS is_live
    FROM entries
    WHERE key >= $1::bytea AND key < $2::bytea
    ORDER BY key
    LIMIT $3::int8`,
};

/** $1 partition. Whether `removeExpired` has something to remove. */
export const hasExpired = {
  name: 'has-expired',
  text: `
    SELECT 1
    FROM entries
    WHERE partition = $1::int8 AND expires_at IS NOT NULL AND expires_at <= floor(extract(epoch FROM now()) * 1000)::int8
    LIMIT 1`,
};

/** $1 partition, $2 how many. */
export const removeExpired = {
  name: 'remove-expired',
  text: `
    DELETE FROM entries
    WHERE key IN (
      SELECT key
      FROM entries
      WHERE partition = $1::int8 AND expires_at IS NOT NULL AND expires_at <= floor(extract(epoch FROM now()) * 1000)::int8
      ORDER BY expires_at
      LIMIT $2::int8)
    RETURNING key, version`,
};

/** $1 partition, $2 least age in milliseconds. Whether `removeTombstones` has something to remove. */
export const hasTombstones = {
  name: 'has-tombstones',
  text: `
    SELECT 1
    FROM entries
    WHERE partition = $1::int8 AND is_deleted
      AND modified_at < floor(extract(epoch FROM now()) * 1000)::int8 - $2::int8
    LIMIT 1`,
};

/** $1 partition, $2 least age in milliseconds, $3 how many. */
export const removeTombstones = {
  name: 'remove-tombstones',
  text: `
    DELETE FROM entries
    WHERE key IN (
      SELECT key
      FROM entries
      WHERE partition = $1::int8 AND is_deleted
        AND modified_at < floor(extract(epoch FROM now()) * 1000)::int8 - $2::int8
      ORDER BY modified_at
      LIMIT $3::int8)
    RETURNING key, version`,
};
