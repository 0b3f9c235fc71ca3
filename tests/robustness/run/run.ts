import type { Fault } from '../faults/fault.ts';
import type { FinalState } from '../history/final-state.ts';
import type { Site } from '../sites/site.ts';
import { keysOf } from '../traffic/keys.ts';
import { Recorder } from '../traffic/recorder.ts';
import { Traffic } from '../traffic/traffic.ts';
import { drainQueues, ownLog, readKeys } from './quiesce.ts';
import { RunFolder } from './run-folder.ts';
import type { RunSettings } from './run-settings.ts';
import { runFaults, type Times } from './schedule.ts';

/** What the clients' keys begin with, and those that drain the queues. */
const spaces = { traffic: 'run/', barriers: 'barrier/' } as const;
const wellWithinMs = 60_000;

/** How long a store may take to get quiet, milliseconds. */
export interface QuietLimits {
  /** Until what is unknown is settled. */
  readonly settledWithinMs: number;
  /** Until what is queued is applied. */
  readonly drainedWithinMs: number;
}

export const quietLimits: QuietLimits = { settledWithinMs: 30_000, drainedWithinMs: 60_000 };

/**
 * One run: traffic with faults in it, then quiet, then what is found, all of it written to a folder.
 *
 * @returns what failed besides anything that the checks find: faults that did not happen
 * @throws Error when the store does not get quiet, or answers what no client can read
 */
export async function run<At extends Site>(
  site: At,
  settings: RunSettings,
  faults: readonly Fault<At>[],
  times: Times,
  path: string,
  { settledWithinMs, drainedWithinMs }: QuietLimits = quietLimits,
): Promise<readonly string[]> {
  const { seed, clients, callsPerSecond } = settings;
  const folder = new RunFolder(path, settings, { wallOffsetMs: Date.now() - performance.now(), seed });
  const keys = keysOf(spaces.traffic);
  const traffic = new Traffic({
    recorder: new Recorder(site.url, folder.keep),
    keys,
    seed,
    clients,
    callsPerSecond,
  });
  try {
    const sending = traffic.run();
    const faulting = runFaults(site, faults, seed, times);
    // An answer that cannot be read ends the run, but not before a fault was put right.
    const [{ planned, happened, failures }] = await Promise.all([faulting.finally(() => traffic.stop()), sending]);
    await site.isWell(wellWithinMs);
    await traffic.settle(settledWithinMs);
    await drainQueues(site, spaces.barriers, drainedWithinMs);
    const final: FinalState = {
      keys: await readKeys(site, [...keys.hot, ...keys.cold, ...keys.expiring]),
      log: await ownLog(site, (key) => key.startsWith(spaces.barriers)),
      deadLetters: { found: await site.deadLetters(), planted: 0 },
      faults: { planned, happened },
    };
    await folder.close(final);
    return failures;
  } finally {
    traffic.close();
  }
}
