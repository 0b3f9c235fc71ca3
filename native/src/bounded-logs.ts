import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const maxLogBytes = 16 * 1024 * 1024;
const checkEveryMs = 10_000;

/**
 * Cuts the logs in a folder again and again while their processes run, so that none grows without bound. It does not keep
 * this process alive.
 *
 * @returns ends it
 */
export function keepLogsBounded(folder: string): () => void {
  const timer = setInterval(() => cutLogs(folder, maxLogBytes), checkEveryMs).unref();
  return () => clearInterval(timer);
}

/**
 * Moves the end of every `NAME.log` that is longer than `maxBytes` to `NAME.log.1`, in place of the one before, and empties
 * it. Whoever writes to it has to append (`O_APPEND`), or goes on behind a hole. A line written in the moment between is
 * lost.
 */
export function cutLogs(folder: string, maxBytes: number): void {
  for (const file of logsIn(folder)) {
    try {
      cutLog(file, maxBytes);
    } catch {
      // Removed since, or no room for the copy: no reason to end the processes, or to leave the other logs.
    }
  }
}

function logsIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
    return names.map((name) => join(folder, name));
  } catch {
    // Not made yet.
    return [];
  }
}

function cutLog(file: string, maxBytes: number): void {
  const log = openSync(file, 'r+');
  try {
    const { size } = fstatSync(log);
    if (size <= maxBytes) return;
    try {
      const end = Buffer.alloc(Math.min(size, maxLogBytes));
      const length = readSync(log, end, 0, end.length, size - end.length);
      writeFileSync(`${file}.1`, end.subarray(0, length), { mode: 0o600 });
    } finally {
      // On a full disk above all, where there is no room for the copy.
      ftruncateSync(log);
    }
  } finally {
    closeSync(log);
  }
}
