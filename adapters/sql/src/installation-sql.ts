/* Statements on what was decided when the database was set up, and on migrations. */

/** $1 number of partitions. */
export const install = {
  name: 'install',
  text: `
    INSERT INTO installation (one, partition_count, installed_at)
    VALUES (1, $1::int8, floor(extract(epoch FROM now()) * 1000)::int8)
    ON CONFLICT (one) DO NOTHING`,
};

export const readInstallation = {
  name: 'read-installation',
  text: `
    SELECT partition_count, (SELECT coalesce(max(horizon), 0) FROM partitions) AS log_horizon
    FROM installation`,
};

export const createMigrations = {
  name: 'create-migrations',
  text: `
    CREATE TABLE IF NOT EXISTS migrations (
      number int8 PRIMARY KEY,
      name text NOT NULL,
      claimant text NOT NULL,
      claimed_until int8 NOT NULL,
      finished_at int8
    )`,
};

export const readMigrations = {
  name: 'read-migrations',
  text: `SELECT number, finished_at IS NOT NULL AS is_finished FROM migrations`,
};

/** $1 number, $2 name, $3 claimant, $4 term in milliseconds. No row: somebody else has it, or it is done. */
export const claimMigration = {
  name: 'claim-migration',
  text: `
    INSERT INTO migrations (number, name, claimant, claimed_until)
    VALUES ($1::int8, $2::text, $3::text, floor(extract(epoch FROM now()) * 1000)::int8 + $4::int8)
    ON CONFLICT (number) DO UPDATE SET claimant = excluded.claimant, claimed_until = excluded.claimed_until
    WHERE migrations.finished_at IS NULL
      AND (migrations.claimant = excluded.claimant
        OR migrations.claimed_until < floor(extract(epoch FROM now()) * 1000)::int8)
    RETURNING number`,
};

/** $1 number, $2 claimant. */
export const finishMigration = {
  name: 'finish-migration',
  text: `
    UPDATE migrations SET finished_at = floor(extract(epoch FROM now()) * 1000)::int8
    WHERE number = $1::int8 AND claimant = $2::text`,
};
