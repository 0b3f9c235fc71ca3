import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child-process.mjs';
import { withLock } from './install-lock.mjs';

/** The repository's folder, absolute. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const NODE_MAJOR = 24;
const MODULES = join(ROOT, 'node_modules');
const LOCAL_NODE = join(MODULES, '.bin', 'node');
const LOCAL_NODE_PACKAGE = `node_modules/node-${process.platform}-${process.arch}`;

/** Something the user has to put right; its message is all they need to see. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Makes sure the dependencies are installed (the development ones too when `dev`) and finds a Node 24 or newer.
 * Resolves to that program's path; throws SetupError saying what to do.
 */
export async function bootstrap({ dev }) {
  if (missing(dev) !== 'nothing') {
    const wait = () => console.log('Another process is installing the dependencies; waiting for it…');
    await withLock(join(ROOT, '.tools', 'install.lock'), wait, (shareWith) => install(dev, shareWith));
  }
  return findNode();
}

/** Runs a command's `main() -> exit code`, prints a SetupError as its bare message, and sets the exit code. */
export async function runMain(main) {
  // Whoever reads the output may have seen enough: ./start.sh status | head -1
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}

/** What the lock file asks for and node_modules lacks: 'nothing', only 'dev' packages, or 'all' for anything else. */
function missing(dev) {
  const wanted = packagesOf(join(ROOT, 'package-lock.json'));
  // npm removes this file when it begins and writes it when it is done, so it vouches for a finished install.
  const installed = packagesOf(join(MODULES, '.package-lock.json'));
  let answer = 'nothing';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !isNeeded(path, entry, dev) || isInstalled(path, entry, installed[path])) continue;
    if (!entry.dev) return 'all';
    answer = 'dev';
  }
  return answer;
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw new SetupError(`${lockFile} cannot be read: ${error.message}`);
  }
}

function isNeeded(path, entry, dev) {
  // Packages for other machines are listed too. npm passes over an optional one that fails to download without a word.
  if (path === LOCAL_NODE_PACKAGE) return !isNewEnough(process.version);
  return !entry.optional && !entry.devOptional && (dev || !entry.dev);
}

function isInstalled(path, wanted, installed) {
  if (path === LOCAL_NODE_PACKAGE && !existsSync(LOCAL_NODE)) return false;
  if (installed?.version !== wanted.version || installed?.integrity !== wanted.integrity) return false;
  return existsSync(join(ROOT, path, 'package.json'));
}

async function install(dev, onStart) {
  const lacking = missing(dev);
  if (lacking === 'nothing') return;
  console.log('Installing dependencies…');
  // `npm ci` empties node_modules first, under the feet of a store that may be running from it; adding what is missing does not.
  const command = lacking === 'dev' ? ['install', '--no-save'] : ['ci'];
  const kinds = dev ? ['--include=dev', '--include=optional'] : ['--omit=dev', '--include=optional'];
  // npm warns that packages want a newer Node than the one npm runs on; they run on the Node 24 installed here.
  const args = [...command, ...kinds, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, interrupted, output } = await run('npm', args, {
    cwd: ROOT,
    env: npmEnvironment(),
    stdio: 'pipe',
    onStart,
  });
  if (interrupted) throw new SetupError('Interrupted while installing the dependencies; the next run does it again.');
  if (code === 0) return;
  const advice = 'Check the connection to the npm registry and the free disk space, then run this again.';
  throw new SetupError(
    `${output.trim()}\n\nThe dependencies could not be installed (npm ${command[0]} failed). ${advice}`,
  );
}

// `npm run` puts node_modules/.bin first in PATH; npm would then run on the very Node that it is about to delete.
function npmEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(MODULES));
  return { ...process.env, PATH: path.join(delimiter) };
}

function findNode() {
  if (isNewEnough(versionOf(LOCAL_NODE))) return LOCAL_NODE;
  // Left in place, one that does not run here (another libc) would be the `node` of every later `npm run`.
  if (lstatSync(LOCAL_NODE, { throwIfNoEntry: false })) rmSync(LOCAL_NODE);
  if (isNewEnough(process.version)) return process.execPath;
  const machine = `${process.platform} on ${process.arch}`;
  throw new SetupError(
    `StrataKV runs on Node.js ${NODE_MAJOR} or newer. This is ${process.version}, and npm has no Node ${NODE_MAJOR} that runs here (${machine}).\n` +
      `Install Node.js ${NODE_MAJOR} or newer, for example from https://nodejs.org, then run this again.`,
  );
}

function versionOf(program) {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return 'v0';
  }
}

function isNewEnough(version) {
  return Number.parseInt(version.slice(1), 10) >= NODE_MAJOR;
}
