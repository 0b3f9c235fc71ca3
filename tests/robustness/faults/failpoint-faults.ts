import { setTimeout as sleep } from 'node:timers/promises';
import type { FailpointAction } from '../failpoints/control.ts';
import type { Fault } from './fault.ts';

/* What goes wrong at a named place of the source. */

/** Traffic comes to every place within this, milliseconds. */
const reachedWithinMs = 10_000;
const wellWithinMs = 30_000;
/** Long enough for calls to be begun in it, milliseconds. */
const leastMs = 250;

type Effects = Partial<Pick<Fault, 'mayStaleCache' | 'mayFailDatabase'>>;

/** A process ends at a place, as by SIGKILL. */
export function crashAt(place: string, effects: Effects = {}): Fault {
  return atPlaces(`crash ${place}`, [place], { kind: 'crash' }, 1, effects);
}

/** A place fails so many times. */
export function failAt(place: string, times: number, effects: Effects = {}): Fault {
  return atPlaces(`fail ${place}`, [place], { kind: 'fail' }, times, effects);
}

/** Processes wait at a place, so many times. */
export function delayAt(place: string, ms: number, times: number, effects: Effects = {}): Fault {
  return atPlaces(`delay ${place} ${ms} ms`, [place], { kind: 'delay', ms }, times, effects);
}

/** Processes wait wherever they come by, so many times at each place. */
export function delayEverywhere(places: readonly string[], ms: number, times: number, effects: Effects = {}): Fault {
  return atPlaces(`delay everywhere ${ms} ms`, places, { kind: 'delay', ms }, times, effects);
}

function atPlaces(
  name: string,
  places: readonly string[],
  action: FailpointAction,
  times: number,
  { mayStaleCache = false, mayFailDatabase = false }: Effects,
): Fault {
  return {
    name,
    mayStaleCache,
    mayFailDatabase,
    async run(site, onBegun) {
      onBegun();
      const until = performance.now() + leastMs;
      const set = places.map((place) => ({ place, ...site.failpoints.set(place, action, times) }));
      try {
        for (const { place, hits } of set) await untilReached(place, times, () => hits().length);
      } finally {
        for (const { lift } of set) lift();
      }
      // The last that came by still waits.
      await sleep(Math.max(action.kind === 'delay' ? action.ms : 0, until - performance.now()));
      await site.isWell(wellWithinMs);
    },
  };
}

/** Resolves when the last has come by, or nobody more comes in time. @throws Error when nobody came */
async function untilReached(place: string, times: number, hits: () => number): Promise<void> {
  const deadline = performance.now() + reachedWithinMs;
  while (hits() < times) {
    if (performance.now() > deadline) {
      if (hits() > 0) return;
      throw new Error(`no process came to ${place} within ${reachedWithinMs} ms`);
    }
    await sleep(10);
  }
}
