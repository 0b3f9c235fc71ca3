import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * A stack chooses all its ports before the first server listens. Two stacks that start at the same time, as tests do,
 * would choose the same one now and then. So a port is reserved by a file that names the process it belongs to.
 */

const reserved = new Set<number>();

const fileOf = (port: number): string => join(tmpdir(), `stratakv-port-${port}`);

/** Reserves a port for this process, until it ends. False when it belongs to another living process, or was given already. */
export function reservePort(port: number): boolean {
  if (reserved.has(port)) return false;
  if (!claim(port) && !(isAbandoned(port) && claim(port))) return false;
  if (reserved.size === 0) process.once('exit', releaseAll);
  reserved.add(port);
  return true;
}

function claim(port: number): boolean {
  try {
    writeFileSync(fileOf(port), `${process.pid}`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

/** Removes the file of a process that is gone. */
function isAbandoned(port: number): boolean {
  try {
    const owner = Number(readFileSync(fileOf(port), 'utf8'));
    if (owner > 0 && isAlive(owner)) return false;
    rmSync(fileOf(port));
    return true;
  } catch {
    // Another user's, or just being written.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function releaseAll(): void {
  for (const port of reserved) rmSync(fileOf(port), { force: true });
}
