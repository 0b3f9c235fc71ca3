import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What happens to a process that comes to a failpoint. */
export type FailpointAction =
  | { readonly kind: 'delay'; readonly ms: number }
  /** The place throws. */
  | { readonly kind: 'fail' }
  /** The process ends at once, as by SIGKILL. */
  | { readonly kind: 'crash' };

/** An action that is set for a place. */
export interface Setting {
  readonly id: number;
  readonly place: string;
  readonly action: FailpointAction;
  /** How often over all processes. */
  readonly times: number;
}

/** An action that was taken. */
export interface Hit {
  readonly id: number;
  readonly place: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/*
 * A folder is all that a run and the processes of its store share: `settings.json`, replaced whole, a file for each time
 * that an action was taken, made by the process that takes it, and a line for each place that was reached.
 */

export function writeSettings(folder: string, settings: readonly Setting[]): void {
  const draft = join(folder, 'settings.draft');
  writeFileSync(draft, JSON.stringify(settings));
  renameSync(draft, join(folder, 'settings.json'));
}

export function readSettings(folder: string): readonly Setting[] {
  try {
    return JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')) as Setting[];
  } catch {
    return [];
  }
}

/** Takes one of the times an action may happen. False when all are taken: each is taken by one process only. */
export function claim(folder: string, { id, place, times }: Setting): boolean {
  for (let number = 1; number <= times; number += 1) {
    try {
      const file = openSync(join(folder, `hit-${id}-${number}.json`), 'wx');
      writeFileSync(file, JSON.stringify({ id, place, pid: process.pid, at: Date.now() } satisfies Hit));
      closeSync(file);
      return true;
    } catch {
      // Taken before.
    }
  }
  return false;
}

/** What was done so far. */
export function readHits(folder: string): readonly Hit[] {
  const files = readdirSync(folder).filter((name) => name.startsWith('hit-'));
  return files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    // Being written.
    return text === '' ? [] : [JSON.parse(text) as Hit];
  });
}

export function noteReached(folder: string, place: string): void {
  appendFileSync(join(folder, 'reached'), `${place}\n`);
}

export function readReached(folder: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(join(folder, 'reached'), 'utf8').split('\n').filter(Boolean));
  } catch {
    return new Set();
  }
}

export function makeControlFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  writeSettings(path, []);
}
