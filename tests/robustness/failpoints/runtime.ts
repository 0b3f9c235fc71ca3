import { watch } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, noteReached, readSettings, type Setting } from './control.ts';

/*
 * What a process of a build with failpoints loads first. The build's import of it names the folder it is controlled by:
 * `runtime.ts?folder=/…`.
 */

const folder = new URL(import.meta.url).searchParams.get('folder');
if (folder === null) throw new Error('failpoints need a folder');
const control = folder;
const reached = new Set<string>();
let settings: readonly Setting[] = readSettings(control);
watch(control, () => {
  settings = readSettings(control);
}).unref();

async function failpoint(place: string): Promise<void> {
  if (!reached.has(place)) {
    reached.add(place);
    noteReached(control, place);
  }
  const setting = settings.find((each) => each.place === place && claim(control, each));
  if (setting === undefined) return;
  const { action } = setting;
  if (action.kind === 'crash') process.kill(process.pid, 'SIGKILL');
  if (action.kind === 'fail') throw new Error(`failpoint ${place}`);
  if (action.kind === 'delay') await sleep(action.ms);
}

Object.assign(globalThis, { failpoint });

/** Node writes it when a process ends, and these are killed. */
const flushedAfterMs = 1500;
setTimeout(flushCompileCache, flushedAfterMs).unref();
