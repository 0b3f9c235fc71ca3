import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../framework/eventually.ts';
import { type MovableClock, movableClocks } from '../../sites/moved-clock.ts';
import type { NativeSite } from '../../sites/native-site.ts';
import { type NativeFault, type Part, wellWithinMs } from './native-fault.ts';

const aMinute = 60;
const movedMs = 10_000;
const noticedWithinMs = 10_000;

/**
 * The clock of one process a minute ahead or behind, from one second to the next, and back. That of a storage node is not
 * among them: it tells ages and what has expired, and no more than a second between the servers' clocks is promised for.
 */
export const clockFaults: readonly NativeFault[] = movableClocks
  .filter((process) => process !== 'storage-node-2')
  .flatMap((process) => [clock(process, aMinute), clock(process, -aMinute)]);

/** For runs that look at neither ages nor expiry. */
export const storageClockFaults: readonly NativeFault[] = [
  clock('storage-node-2', aMinute),
  clock('storage-node-2', -aMinute),
];

function clock(process: MovableClock, seconds: number): NativeFault {
  return {
    name: `clock of ${process} ${seconds > 0 ? 'ahead' : 'behind'}`,
    part: process.replace(/-\d+$/, '') as Part,
    isAlone: true,
    mayStaleCache: process === 'storage-node-2',
    mayFailDatabase: false,
    run: async (site, onBegun) => {
      onBegun();
      site.clocks.move(process, seconds);
      try {
        await isOff(site, process, seconds);
        await sleep(movedMs);
      } finally {
        site.clocks.move(process, 0);
      }
      await isOff(site, process, 0);
      await site.isWell(wellWithinMs);
    },
  };
}

/** Resolves when the process says such a time. */
async function isOff(site: NativeSite, process: MovableClock, seconds: number): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(new URL('/healthz', site.stack.process(process).metricsUrl));
    await answer.arrayBuffer();
    const off = (Date.parse(answer.headers.get('date') ?? '') - Date.now()) / 1000;
    if (!(Math.abs(off - seconds) < 3))
      throw new Error(`the clock of ${process} is off by ${off} s instead of ${seconds} s`);
  }, noticedWithinMs);
}
