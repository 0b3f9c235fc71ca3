import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commands } from './command.ts';

const version = '2.40.3';
const module = 'github.com/docker/compose/v2';

/**
 * Builds Docker Compose from its Go module, which Debian has no package of, and gives the program's path.
 * The version is pinned here, and Go checks what it downloads against the public checksum database.
 */
export async function buildCompose(tools: string, commands: Commands): Promise<string> {
  const folder = join(tools, `docker-compose-${version}`);
  const program = join(folder, 'docker-compose');
  if (existsSync(program)) return program;
  const go = await commands.run('go', ['version'], { mayFail: true }).catch(() => '');
  if (go === '') throw new Error('Building Docker Compose takes Go 1.21 or newer, which is not installed.');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'go.mod'), `module stratakv-test/compose\n\ngo 1.24\n\nrequire ${module} v${version}\n`);
  const flags = ['-mod=mod', '-trimpath', '-ldflags', `-s -w -X ${module}/internal.Version=${version}`];
  await commands.run('go', ['build', ...flags, '-o', `${program}.new`, `${module}/cmd`], { cwd: folder });
  await rename(`${program}.new`, program);
  return program;
}
