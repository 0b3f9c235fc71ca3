import { setTimeout as sleep } from 'node:timers/promises';
import { cpuByKind, type ServerProcess } from './usage.ts';

const lookEveryMs = 2000;
/** Cores that a store of which nothing is asked may keep busy: its heartbeats, probes and clean-ups. */
const restingCores = 0.2;
/** Looks in a row. */
const restingLooks = 3;
const withinMs = 20 * 60_000;

/**
 * Resolves when a store does next to nothing: what a load leaves behind, such as outcomes to forget and tables to vacuum,
 * is done.
 *
 * @returns seconds that took
 * @throws Error when it takes more than twenty minutes
 */
export async function untilAtRest(processes: () => readonly ServerProcess[]): Promise<number> {
  const startedAt = performance.now();
  for (let looks = 0; looks < restingLooks; ) {
    const [before, lookedAt] = [secondsOf(processes()), performance.now()];
    await sleep(lookEveryMs);
    const cores = (secondsOf(processes()) - before) / ((performance.now() - lookedAt) / 1000);
    looks = cores < restingCores ? looks + 1 : 0;
    if (performance.now() - startedAt > withinMs)
      throw new Error(`the store still keeps ${cores.toFixed(2)} cores busy`);
  }
  return (performance.now() - startedAt) / 1000;
}

function secondsOf(processes: readonly ServerProcess[]): number {
  return [...cpuByKind(processes).values()].reduce((sum, each) => sum + each, 0);
}
