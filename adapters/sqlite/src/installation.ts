import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { InstallationState } from '@stratakv/core';
import { prepareLogHorizon } from './log-horizon.ts';
import { schemaVersion } from './schema.ts';

/** What was decided when the data folder was made, and stays. */
export interface Installation {
  readonly partitionCount: number;
  /** Signs operation ids and cursors, and keys idempotency identities. 32 bytes. */
  readonly secret: Uint8Array;
}

/** The data was made by another version, or for another number of partitions. */
export class InstallationMismatch extends Error {
  override name = 'InstallationMismatch';
}

const sql = {
  get: 'SELECT value FROM installation WHERE name = ?',
  keep: 'INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
};

/**
 * Reads the installation, or makes it at first start.
 *
 * @throws InstallationMismatch
 */
export function openInstallation(database: DatabaseSync, partitionCount: number): Installation {
  const keep = database.prepare(sql.keep);
  const get = database.prepare(sql.get);
  const kept = (name: string, initial: Uint8Array): Uint8Array => {
    keep.run(name, initial);
    return (get.get(name) as { value: Uint8Array }).value;
  };
  const number = (name: string, initial: number) => Number(Buffer.from(kept(name, Buffer.from(String(initial)))));
  const foundSchema = number('schema', schemaVersion);
  if (foundSchema !== schemaVersion) {
    throw new InstallationMismatch(
      `The data is of format ${foundSchema}; this version of StrataKV reads format ${schemaVersion}.`,
    );
  }
  const foundCount = number('partitions', partitionCount);
  if (foundCount !== partitionCount) {
    throw new InstallationMismatch(`The data has ${foundCount} partitions; the setting says ${partitionCount}.`);
  }
  return { partitionCount, secret: new Uint8Array(kept('secret', randomBytes(32))) };
}

/** Makes the function that reads what the database says of the whole store; to be called inside a transaction. */
export function prepareInstallationState(database: DatabaseSync): () => InstallationState {
  const get = database.prepare(sql.get);
  const horizon = prepareLogHorizon(database);
  return () => {
    const { value } = get.get('partitions') as { value: Uint8Array };
    return { partitionCount: Number(Buffer.from(value)), logHorizon: horizon.get() };
  };
}
