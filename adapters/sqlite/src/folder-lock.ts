import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Keeps a folder for one process. The operating system lets go of it when the process ends, however it ends. */
export interface FolderLock {
  release(): void;
}

/** The folder is in use by another process, or by another store in this one. */
export class FolderLocked extends Error {
  constructor(folder: string, cause: unknown) {
    super(`The data folder ${folder} is in use by another StrataKV process.`, { cause });
    this.name = 'FolderLocked';
  }
}

/**
 * Takes a folder. An exclusive transaction on a small SQLite database is a portable file lock (SQLite manual, "File
 * Locking And Concurrency").
 *
 * @throws FolderLocked; or what node:sqlite throws when the folder cannot be written
 */
export function lockFolder(folder: string): FolderLock {
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    // No journal on the disk: a full one must not stop a start.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === 5;
    throw isBusy ? new FolderLocked(folder, error) : error;
  }
  return { release: () => database.close() };
}
