import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from './process-identity.mjs';

/**
 * Runs `work` while no other process on this machine holds the lock file `path`; returns what it returns.
 * A lock whose holder is gone is taken over. `onWait` is called once when there is someone to wait for.
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
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, identity: identityOf(process.pid) }));
  try {
    // A link appears with its content or not at all, so nobody reads a half-written lock.
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!holderIsAlive(path)) setAside(path, mine);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function holderIsAlive(path) {
  try {
    const { pid, identity } = JSON.parse(readFileSync(path, 'utf8'));
    return identityOf(pid) === identity;
  } catch (error) {
    return error.code === 'ENOENT';
  }
}

// Removing by name could remove the lock of someone who took it over a moment before; what was moved can be looked at again.
function setAside(path, mine) {
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
    if (holderIsAlive(aside)) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
