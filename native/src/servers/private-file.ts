import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file that its owner alone may read, whole or not at all, and the folders on the way. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

/** The same, unless it exists. */
export async function keepPrivateFile(path: string, text: string): Promise<void> {
  if (!existsSync(path)) await writePrivateFile(path, text);
}
