import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `native/install` unpacks what is not a package of the distribution. Git ignores it. */
export const toolsFolder = fileURLToPath(new URL('../../.tools', import.meta.url));

interface Source {
  /** Package of Debian and Ubuntu; absent when `native/install` fetches the program. */
  readonly debianPackage?: string;
  /** Folders that are not in every PATH; a `*` stands for a version, the highest wins. */
  readonly folders?: readonly string[];
}

const postgresFolders = ['/usr/lib/postgresql/*/bin'];
const rabbitFolders = ['/usr/lib/rabbitmq/bin'];

/** Every program the native mode starts. */
const sources = {
  setpriv: { debianPackage: 'util-linux' },
  nginx: { debianPackage: 'nginx-light', folders: ['/usr/sbin'] },
  'redis-server': { debianPackage: 'redis-server' },
  'redis-sentinel': { debianPackage: 'redis-sentinel' },
  // The one in PATH is a wrapper that changes to the system's own user and folders.
  'rabbitmq-server': { debianPackage: 'rabbitmq-server', folders: rabbitFolders },
  epmd: { debianPackage: 'erlang-base' },
  postgres: { debianPackage: 'postgresql', folders: postgresFolders },
  initdb: { debianPackage: 'postgresql', folders: postgresFolders },
  psql: { debianPackage: 'postgresql', folders: postgresFolders },
  envoy: { folders: [join(toolsFolder, 'bin')] },
  k6: { folders: [join(toolsFolder, 'bin')] },
} as const satisfies Record<string, Source>;

export type ProgramName = keyof typeof sources;

/** A program the native mode needs is not on this machine. The message names the command that installs it. */
export class MissingProgram extends Error {
  override name = 'MissingProgram';
  readonly program: ProgramName;
  /** The distribution's package, or undefined for one that only `./start.sh native` installs. */
  readonly debianPackage: string | undefined;

  constructor(program: ProgramName, debianPackage: string | undefined) {
    const command = debianPackage === undefined ? './start.sh native' : `apt-get install ${debianPackage}`;
    super(`The program ${program} was not found. Install it with: ${command}`);
    this.program = program;
    this.debianPackage = debianPackage;
  }
}

/**
 * The absolute path of a program: in the folders of its package, else in PATH and where administrators' programs lie.
 *
 * @throws MissingProgram
 */
export function findProgram(name: ProgramName): string {
  const { folders = [], debianPackage }: Source = sources[name];
  const searched = [...folders.flatMap(expand), ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  const found = searched.map((folder) => join(folder, name)).find(isProgram);
  if (found === undefined) throw new MissingProgram(name, debianPackage);
  return found;
}

function expand(pattern: string): readonly string[] {
  const [before, after] = pattern.split('*');
  if (before === undefined || after === undefined) return [pattern];
  try {
    const versions = readdirSync(before).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => before + version + after);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
