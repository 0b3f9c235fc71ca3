import { isProgramName } from '../program.ts';
import { install, isInstallMode } from './install.ts';
import { InstallError } from './install-error.ts';
import { nativePrograms } from './requirements.ts';

// Usage: node native/src/install/main.ts [PROGRAM...]
// Installs the programs named, or all that the native mode runs. Says nothing and ends with 0 when all are there.

const say = (line: string) => process.stdout.write(`${line}\n`);
const named = process.argv.slice(2);
const unknown = named.find((name) => !isProgramName(name));
// Read by hand: loading the table of settings would take longer than all the rest when nothing is missing.
const mode = process.env.KV_INSTALL || 'auto';

try {
  if (!isInstallMode(mode))
    throw new InstallError(`KV_INSTALL: "${mode}" is not valid, expected auto, always or never.`);
  if (unknown !== undefined) throw new InstallError(`Nothing is known about a program ${unknown}.`);
  await install({ programs: named.length > 0 ? named.filter(isProgramName) : nativePrograms, mode, say });
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
