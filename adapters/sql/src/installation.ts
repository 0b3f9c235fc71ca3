import { type InstallationState, StrataError } from '@stratakv/core';
import type { Database } from './database.ts';
import { install, readInstallation } from './installation-sql.ts';

/** The database was set up by another version, or for another number of partitions. */
export class InstallationMismatch extends Error {
  override name = 'InstallationMismatch';
}

interface InstallationRow {
  readonly partition_count: number;
  readonly log_horizon: number;
}

/** @throws StrataError `unavailable` when nothing was installed yet; or what the call throws */
export async function readInstallationState(database: Database): Promise<InstallationState> {
  const [row] = await database.call((session) => session.ask<InstallationRow>(readInstallation));
  if (row === undefined) throw new StrataError('unavailable', 'The database was not set up yet.');
  return { partitionCount: row.partition_count, logHorizon: row.log_horizon };
}

/**
 * Records the number of partitions at first start; whoever comes first decides.
 *
 * @throws InstallationMismatch when it was decided differently; or what the call throws
 */
export async function recordPartitionCount(database: Database, partitionCount: number): Promise<void> {
  await database.call((session) => session.ask(install, [partitionCount]));
  const found = await readInstallationState(database);
  if (found.partitionCount === partitionCount) return;
  throw new InstallationMismatch(
    `The database was set up for ${found.partitionCount} partitions; the setting says ${partitionCount}. ` +
      'The number is fixed when a store is installed: set it to what the database has.',
  );
}
