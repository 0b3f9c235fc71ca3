import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/* What somebody gets who installs the package: packed, installed in an empty project, used from JavaScript and types. */

const run = promisify(execFile);
const workspace = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const program = `
import { startEmbedded, StartError } from '@stratakv/embedded';
const store = await startEmbedded({ port: 0, dataDir: 'data' });
const put = await fetch(store.url + '/kv/cities/lisbon', { method: 'PUT', body: 'Lisboa', headers: { Prefer: 'wait=5' } });
const get = await fetch(store.url + '/kv/cities/lisbon');
const second = await startEmbedded({ port: 0, dataDir: 'data' }).catch((error) => error instanceof StartError);
console.log(JSON.stringify([put.status, get.status, await get.text(), second]));
await store.close();
`;

const typedProgram = `
import { type Embedded, type EmbeddedOptions, startEmbedded } from '@stratakv/embedded';
const options: EmbeddedOptions = { port: 0, dataDir: 'data', cacheTtlMs: 1000 };
export const store: Promise<Embedded> = startEmbedded(options);
// @ts-expect-error a port is a number
startEmbedded({ port: '8080' });
`;

const compilerOptions = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  noEmit: true,
  types: ['node'],
  skipLibCheck: true,
  typeRoots: [join(root, 'node_modules/@types')],
};

let project = '';

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'stratakv-package-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: workspace });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  const tarball = join(project, stdout.trim().split('\n').at(-1) ?? '');
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], { cwd: project });
});

after(() => rm(project, { recursive: true, force: true }));

test('the installed package starts a store in an empty project', async () => {
  await writeFile(join(project, 'main.js'), program);
  const { stdout } = await run(process.execPath, ['main.js'], { cwd: project });
  assert.deepEqual(JSON.parse(stdout), [201, 200, 'Lisboa', true]);
});

test('its types are there, and say what is wrong', async () => {
  await writeFile(join(project, 'main.ts'), typedProgram);
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  await run(join(root, 'node_modules/.bin/tsc'), ['--project', project]);
});

test('it brings in registry packages alone, and no native compiler', async () => {
  const manifest = JSON.parse(await readFile(join(project, 'node_modules/@stratakv/embedded/package.json'), 'utf8'));
  assert.deepEqual(
    Object.keys(manifest.dependencies).filter((name) => name.startsWith('@stratakv/')),
    [],
  );
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8'));
  const packages: { hasInstallScript?: boolean }[] = Object.values(lock.packages);
  assert.equal(packages.filter(({ hasInstallScript }) => hasInstallScript).length, 0);
});
