/* Statements on the operations log. */

/** $1 stored ids. */
export const getOperations = {
  name: 'get-operations',
  text: `
    SELECT id, action, key, status, version, is_created, expires_at, code, settled_at
    FROM operations
    WHERE id = ANY ($1::bytea[])`,
};

/** $1 identities. The rows that got their first outcome. */
export const getIdentities = {
  name: 'get-identities',
  text: `
    SELECT identity, fingerprint, status, version, is_created, expires_at, code
    FROM operations
    WHERE identity IS NOT NULL AND identity = ANY ($1::bytea[])`,
};

/**
 * $1 stored ids, ascending; $2 actions, $3 keys, $4 statuses, $5 versions, $6 whether created, $7 expiries, $8 codes,
 * $9 identities, $10 fingerprints, null where there is none; $11 time of all.
 */
export const addOperations = {
  name: 'add-operations',
  text: `
    INSERT INTO operations
      (id, action, key, status, version, is_created, expires_at, code, identity, fingerprint, settled_at)
    SELECT settled.*, $11::int8
    FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::int8[], $6::bool[], $7::int8[], $8::text[],
        $9::bytea[], $10::bytea[])
      AS settled (id, action, key, status, version, is_created, expires_at, code, identity, fingerprint)`,
};

/** $1 first stored id, $2 the first one behind, $3 settled before, $4 how many are looked at. Whether one may go. */
export const hasOldOperations = {
  name: 'has-old-operations',
  text: `
    SELECT 1
    FROM (
      SELECT settled_at FROM operations WHERE id >= $1::bytea AND id < $2::bytea ORDER BY id LIMIT $4::int8
    ) AS oldest
    WHERE settled_at < $3::int8
    LIMIT 1`,
};

/** As `hasOldOperations`; $5 how many may go. */
export const removeOperations = {
  name: 'remove-operations',
  text: `
    DELETE FROM operations
    WHERE id IN (
      SELECT id
      FROM (
        SELECT id, settled_at FROM operations WHERE id >= $1::bytea AND id < $2::bytea ORDER BY id LIMIT $4::int8
      ) AS oldest
      WHERE settled_at < $3::int8
      ORDER BY id
      LIMIT $5::int8)
    RETURNING 1`,
};
