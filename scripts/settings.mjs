import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT, SetupError } from './bootstrap.mjs';

const ANY_ADDRESS = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * The settings every mode starts with: `.env` next to start.sh, with the real environment winning.
 * Returns `{ env, dataDir, host, port, origin }`: `env` is for the processes to start, `host` and `origin` are where
 * this machine reaches the store. Throws SetupError (exit code 2) on a line of `.env` that is no setting. Values are not judged here:
 * the store does that, for every setting at once.
 */
export function readSettings() {
  const set = { KV_PORT: '8080', KV_BIND: '127.0.0.1', KV_DATA_DIR: './data', ...readEnvFile(), ...process.env };
  // Relative to the repository, so that start, stop and status agree wherever they are called from.
  const dataDir = resolve(ROOT, set.KV_DATA_DIR);
  const host = ANY_ADDRESS[set.KV_BIND] ?? set.KV_BIND;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${set.KV_PORT}`;
  return { env: { ...set, KV_DATA_DIR: dataDir }, dataDir, host, port: set.KV_PORT, origin };
}

function readEnvFile() {
  let text;
  try {
    text = readFileSync(join(ROOT, '.env'), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw new SetupError(`.env cannot be read: ${error.message}`, 2);
  }
  return Object.fromEntries(text.split(/\r?\n/).flatMap(parseLine));
}

// The common part of what Docker Compose and Node take: nothing is expanded or run, a ` #` outside quotes begins a comment.
function parseLine(line, index) {
  if (/^\s*(#|$)/.test(line)) return [];
  const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^'"].*?)?)\s*(?:\s#.*)?$/.exec(line);
  if (!match) throw new SetupError(`.env, line ${index + 1}: not a setting. Write NAME=value, one a line.`, 2);
  const [, name, single, double, bare] = match;
  return [[name, single ?? double ?? bare ?? '']];
}
