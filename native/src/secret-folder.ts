import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from './servers/private-file.ts';

/** Secrets in files that their owner alone may read. Processes get the names of the files, never the secrets as arguments. */
export class SecretFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  fileOf(name: string): string {
    return join(this.#folder, name);
  }

  /** The secret of that name: 32 hexadecimal digits, made at the first time. */
  async secretOf(name: string): Promise<string> {
    const file = this.fileOf(name);
    if (!existsSync(file)) await writePrivateFile(file, `${randomBytes(16).toString('hex')}\n`);
    return readFileSync(file, 'utf8').trim();
  }

  /** Writes something with a secret in it, such as a URL, and returns the name of the file. */
  async write(name: string, text: string): Promise<string> {
    await writePrivateFile(this.fileOf(name), `${text}\n`);
    return this.fileOf(name);
  }
}
