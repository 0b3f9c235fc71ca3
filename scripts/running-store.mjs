import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROCESS_MODES } from './modes.mjs';
import { identityOf } from './process-identity.mjs';

const noteFileOf = (dataDir, mode) => join(dataDir, 'run', `${mode}.json`);

/** Where a service of a store, or a store started with --detach, writes what it has to say. */
export const logFileOf = (dataDir, service) => join(dataDir, 'logs', `${service}.log`);

/** The services that have a log, sorted. */
export function loggedServices(dataDir) {
  try {
    const files = readdirSync(join(dataDir, 'logs')).filter((name) => name.endsWith('.log'));
    return files.map((name) => name.slice(0, -'.log'.length)).sort();
  } catch {
    return [];
  }
}

/** Which mode the data in a folder belongs to, or undefined when it holds none. */
export function modeOf(dataDir) {
  try {
    return readFileSync(join(dataDir, 'mode'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Writes down which process serves `dataDir`, for stop and status. `store` is `{ pid, origin }`. */
export function remember(dataDir, mode, { pid, origin }) {
  const file = noteFileOf(dataDir, mode);
  // What is made on the way, the data folder too, is for its owner alone.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify({ pid, identity: identityOf(pid), origin })}\n`);
}

/** Whether process `pid`, of a mode that keeps its note itself, has noted that all it started is ready. */
export function hasNotedStart(dataDir, mode, pid) {
  const note = readNote(dataDir, mode);
  return note?.pid === pid && note.isStarted === true;
}

/** Removes the note about process `pid`, unless it is by now about another one. */
export function forget(dataDir, mode, pid) {
  if (readNote(dataDir, mode)?.pid === pid) rmSync(noteFileOf(dataDir, mode), { force: true });
}

/**
 * The store that was started on `dataDir` and still runs, or undefined: `{ mode, pid, identity, origin }`, and for native
 * `processes` as native/src/run-file.ts describes them.
 */
export function findRunning(dataDir) {
  const notes = Object.keys(PROCESS_MODES).map((mode) => ({ mode, ...readNote(dataDir, mode) }));
  return notes.find((note) => isSame(note));
}

/** Asks a store to stop and waits up to `seconds`. Resolves to whether it has ended. */
export async function stopStore(dataDir, store, seconds) {
  process.kill(store.pid, 'SIGTERM');
  for (const deadline = Date.now() + seconds * 1000; isSame(store); await sleep(50)) {
    if (Date.now() > deadline) return false;
  }
  forget(dataDir, store.mode, store.pid);
  return true;
}

function isSame({ pid, identity }) {
  return identity !== undefined && identityOf(pid) === identity;
}

function readNote(dataDir, mode) {
  try {
    return JSON.parse(readFileSync(noteFileOf(dataDir, mode), 'utf8'));
  } catch {
    return undefined;
  }
}
