import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunNote, RunningProcess } from '../../native/src/run-file.ts';
import { type ProcessMode, startProcess } from './process-target.ts';
import { runningTarget } from './running-target.ts';
import type { Settings, Target } from './target.ts';

const goneWithinMs = 10_000;

/** A process of the native stack, as `run/native.json` in its data folder names it. */
export type NativeProcess = RunningProcess;

/**
 * The whole native stack, nginx and Envoy included. The one that scripts/test.mjs has started, when these scenarios need
 * neither settings nor a restart; else one of their own.
 */
export async function openNative(settings: Settings): Promise<Target> {
  const sharedFolder = process.env.KV_TARGET_STACK;
  if (sharedFolder !== undefined && Object.keys(settings).length === 0) return sharedStack(sharedFolder);
  return await startProcess(nativeMode, { ...oftenCleaned, ...settings });
}

/** A round of cleaning takes seconds here, with the pauses between its steps; the next one need not wait as long again. */
const oftenCleaned = { KV_CLEAN_EVERY: '1s' };

/** How the stack is started and ended. */
export const nativeMode: ProcessMode = {
  main: 'native/src/main.ts',
  readyWithinMs: 120_000,
  stoppedWithinMs: 75_000,
  metricsUrls: (_url, dataDir) => metricsOf(readRunNote(dataDir)),
  untilGone,
};

function sharedStack(dataDir: string): Target {
  const note = readRunNote(dataDir);
  return runningTarget(note.origin, metricsOf(note).join(','));
}

/** @throws Error when no stack has ever run on this folder */
export function readRunNote(dataDir: string): RunNote {
  return JSON.parse(readFileSync(join(dataDir, 'run', 'native.json'), 'utf8'));
}

/** Whether the process is still the one that was noted. */
export function isAlive({ pid, identity }: Pick<NativeProcess, 'pid' | 'identity'>): boolean {
  if (pid === undefined) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] !== 'Z' && identity?.endsWith(`:${fields[19]}`) === true;
  } catch {
    return false;
  }
}

/** Envoy has a page too, but not of the services' making. */
function metricsOf({ processes }: RunNote): readonly string[] {
  const services = processes.filter(({ kind }) => ['gateway', 'storage-node', 'consumer'].includes(kind));
  return services.map(({ metricsUrl }) => metricsUrl).filter((url) => url !== undefined);
}

/** The kernel ends the processes of a stack that was killed. After a clean stop there is no note any more. */
async function untilGone(dataDir: string): Promise<void> {
  let processes: readonly NativeProcess[];
  try {
    processes = readRunNote(dataDir).processes;
  } catch {
    return;
  }
  for (const deadline = Date.now() + goneWithinMs; processes.some(isAlive); await sleep(20)) {
    const left = processes.filter(isAlive).map(({ name }) => name);
    if (Date.now() > deadline) throw new Error(`the stack was killed and left ${left.join(', ')} running`);
  }
}
