import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from './process-identity.mjs';

const runFileOf = (dataDir) => join(dataDir, 'run', 'embedded.json');

/** Where a store started with --detach writes what it has to say. */
export const logFileOf = (dataDir) => join(dataDir, 'logs', 'embedded.log');

/** Writes down which process serves `dataDir`, for stop and status. `store` is `{ pid, origin }`. */
export function remember(dataDir, { pid, origin }) {
  const file = runFileOf(dataDir);
  // What is made on the way, the data folder too, is for its owner alone.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify({ pid, identity: identityOf(pid), origin })}\n`);
}

/** Removes the note about process `pid`, unless it is by now about another one. */
export function forget(dataDir, pid) {
  if (readNote(dataDir)?.pid === pid) rmSync(runFileOf(dataDir), { force: true });
}

/** The store that was started on `dataDir` and still runs, as `{ pid, identity, origin }`, or undefined. */
export function findRunning(dataDir) {
  const note = readNote(dataDir);
  return note && isSame(note) ? note : undefined;
}

/** Asks a store to stop and waits up to `seconds`. Resolves to whether it has ended. */
export async function stopStore(dataDir, store, seconds) {
  process.kill(store.pid, 'SIGTERM');
  for (const deadline = Date.now() + seconds * 1000; isSame(store); await sleep(50)) {
    if (Date.now() > deadline) return false;
  }
  forget(dataDir, store.pid);
  return true;
}

function isSame({ pid, identity }) {
  return identity !== undefined && identityOf(pid) === identity;
}

function readNote(dataDir) {
  try {
    return JSON.parse(readFileSync(runFileOf(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}
