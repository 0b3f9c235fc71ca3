// What a Dockerfile needs of the workspaces of this repository. Both commands read package-lock.json alone, so that a
// workspace that gets a new dependency needs no change here or in a Dockerfile.
//
//   node workspaces.mjs manifests FOLDER        writes the package.json of each workspace into FOLDER
//   node workspaces.mjs sources FOLDER NAME TO  copies the workspace NAME, and those it depends on, to TO

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What only development needs: none of it goes into an image. */
const LEFT_OUT = ['test', 'testing', 'node_modules', 'Dockerfile'];

function readWorkspaces(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const own = Object.entries(packages).filter(([path]) => path !== '' && !path.includes('node_modules/'));
  return new Map(own.map(([path, manifest]) => [manifest.name, { path, manifest }]));
}

/**
 * `npm ci` compares all workspaces with the lock file. With manifests made from the lock file, an image's layer of packages
 * stays good until that file changes, instead of until any workspace does.
 */
function writeManifests(folder) {
  for (const { path, manifest } of readWorkspaces(folder).values()) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify(manifest));
  }
}

function copySources(folder, name, to) {
  const workspaces = readWorkspaces(folder);
  const needed = new Set([name]);
  // A set may grow while it is walked.
  for (const each of needed) {
    const { path, manifest } = workspaces.get(each) ?? fail(`There is no workspace ${each} in package-lock.json.`);
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      if (workspaces.has(dependency)) needed.add(dependency);
    }
    const filter = (source) => !LEFT_OUT.includes(source.split('/').at(-1));
    cpSync(join(folder, path), join(to, path), { recursive: true, filter });
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const [command, folder, ...rest] = process.argv.slice(2);
if (command === 'manifests' && rest.length === 0) writeManifests(folder);
else if (command === 'sources' && rest.length === 2) copySources(folder, ...rest);
else fail('Usage: node workspaces.mjs manifests FOLDER | sources FOLDER NAME TO');
