import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../faults/random.ts';
import type { Fault } from '../faults/fault.ts';
import type { FaultWindow } from '../history/final-state.ts';
import type { Site } from '../sites/site.ts';

/** When faults begin and end in a run, milliseconds. */
export interface Times {
  /** Before the first one. */
  readonly headMs: number;
  /** In which they begin. */
  readonly faultsMs: number;
  /** After the last one. */
  readonly tailMs: number;
  /** Between two: at most. */
  readonly pauseMs: number;
}

/** Most of the time has faults in it; the rest shows that all was well before, and is again. */
export function timesOf(seconds: number): Times {
  const headMs = Math.min(5000, seconds * 150);
  const tailMs = Math.min(5000, seconds * 200);
  return { headMs, tailMs, faultsMs: seconds * 1000 - headMs - tailMs, pauseMs: 1500 };
}

/** What was to happen and what did. */
export interface Happenings {
  readonly planned: readonly string[];
  readonly happened: readonly FaultWindow[];
  /** Why something did not happen, or was not put right. */
  readonly failures: readonly string[];
}

/** Lets one fault after the other happen, each as often as every other, in an order that the seed decides. */
export async function runFaults<At extends Site>(
  site: At,
  faults: readonly Fault<At>[],
  seed: number,
  { headMs, faultsMs, tailMs, pauseMs }: Times,
): Promise<Happenings> {
  const random = new Random(seed);
  const planned: string[] = [];
  const happened: FaultWindow[] = [];
  const failures: string[] = [];
  await sleep(headMs);
  const until = performance.now() + faultsMs;
  let left: Fault<At>[] = [];
  while (performance.now() < until && failures.length === 0 && faults.length > 0) {
    if (left.length === 0) left = shuffled(faults, random);
    const fault = left.pop();
    if (fault === undefined) break;
    planned.push(fault.name);
    const result = await happen(site, fault);
    if (typeof result === 'string') failures.push(result);
    else happened.push(result);
    await sleep(random.below(pauseMs));
  }
  await sleep(Math.max(0, until - performance.now()) + tailMs);
  return { planned, happened, failures };
}

/** The window of a fault, or why there is none. */
async function happen<At extends Site>(site: At, fault: Fault<At>): Promise<FaultWindow | string> {
  const { name, mayStaleCache, mayFailDatabase } = fault;
  let from = performance.now();
  try {
    await fault.run(site, () => {
      from = performance.now();
    });
    return { name, from, to: performance.now(), mayStaleCache, mayFailDatabase };
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : error}`;
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  const order: Item[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}
