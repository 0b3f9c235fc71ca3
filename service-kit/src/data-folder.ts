import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from './start-error.ts';

/**
 * Makes the data folder at first start, readable by its owner alone, and checks that it is one of this mode.
 *
 * @param mode the word after ./start.sh
 * @returns whether a store was installed in it before
 * @throws StartError when it cannot be made or written, or holds the data of another mode
 */
export function prepareDataFolder(folder: string, mode: string): boolean {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const found = readMode(folder);
    if (found !== undefined && found !== mode) throw otherMode(folder, found);
    return found !== undefined;
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The data folder ${folder} cannot be used: ${reason}.`,
      'Set KV_DATA_DIR to a folder you may write.',
      error,
    );
  }
}

/** Notes the mode, once there is data: from then on a missing database is damage and no first start. */
export function keepMode(folder: string, mode: string): void {
  writeFileSync(join(folder, 'mode'), `${mode}\n`);
}

/** Level by level: with `recursive`, Node never comes back from below /proc, where a parent exists and takes nothing. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
}

function readMode(folder: string): string | undefined {
  try {
    const text = readFileSync(join(folder, 'mode'), 'utf8').trim();
    // Empty after a crash in the middle of the first start.
    return text === '' ? undefined : text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function otherMode(folder: string, found: string): StartError {
  return new StartError(
    `The data folder ${folder} holds the data of the ${found} mode.`,
    `Use ./start.sh ${found}, or set KV_DATA_DIR to another folder.`,
  );
}
