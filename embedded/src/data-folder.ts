import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

const mode = 'embedded';

/**
 * Makes the data folder at first start, readable by its owner alone, and checks that it is one of this mode.
 *
 * @throws StartError when it cannot be made or written, or holds the data of another mode
 */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const found = readMode(folder);
    if (found === undefined) writeFileSync(join(folder, 'mode'), `${mode}\n`);
    else if (found !== mode) throw otherMode(folder, found);
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

function readMode(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'mode'), 'utf8').trim();
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
