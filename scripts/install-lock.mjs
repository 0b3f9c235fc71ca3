import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from './process-identity.mjs';

/**
 * Runs `work(shareWith)` while no other process on this machine holds the lock file `path`; returns what it returns.
 * A lock whose holders are gone is taken over. `shareWith(pid)` makes a child a holder too: it may outlive this process.
 * `onWait` is called once when there is someone to wait for.
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  const release = () => rmSync(path, { force: true });
  for (let waited = false; !tryLock(path); waited = true) {
    if (!waited) onWait();
    await sleep(200);
  }
  process.once('exit', release);
  try {
    return await work((pid) => share(path, pid));
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, holders(process.pid));
  try {
    // A link appears with its content or not at all, so nobody reads a half-written lock.
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHeld(path)) setAside(path, mine);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function share(path, pid) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, holders(process.pid, pid));
  renameSync(mine, path);
}

function holders(...pids) {
  return JSON.stringify(pids.map((pid) => ({ pid, identity: identityOf(pid) ?? 'ended' })));
}

function isHeld(path) {
  try {
    const held = JSON.parse(readFileSync(path, 'utf8'));
    return held.some(({ pid, identity }) => identityOf(pid) === identity);
  } catch (error) {
    return error.code === 'ENOENT';
  }
}

// Removing by name could remove the lock of someone who took it over a moment before; what was moved can be looked at again.
function setAside(path, mine) {
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
    if (isHeld(aside)) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
