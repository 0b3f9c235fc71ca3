import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../sites/site.ts';
import type { Fault } from './fault.ts';

/* What happens to a process that is all there is of a store: whether it is gone or asleep can be asked of its port. */

const wellWithinMs = 30_000;
const silentMs = 100;

/** SIGKILL, so many times, each in the middle of the start after the one before. */
export function killed(process: string, times: number): Fault {
  const name = times === 1 ? `kill ${process}` : `kill ${process} ${times} times`;
  return fault(name, async (site) => {
    for (let time = 1; time <= times; time += 1) {
      if (time > 1) await sleep(80 * time);
      await site.kill(process);
    }
  });
}

export function frozen(process: string, ms: number): Fault {
  return fault(`freeze ${process} ${ms} ms`, async (site) => {
    site.freeze(process);
    try {
      await seenSilent(site);
      await sleep(ms);
    } finally {
      site.thaw(process);
    }
  });
}

/** It dies with all that it had taken up. */
export function killedWhileFrozen(process: string, ms: number): Fault {
  return fault(`freeze ${process} and kill it`, async (site) => {
    site.freeze(process);
    await seenSilent(site);
    await sleep(ms);
    await site.kill(process);
  });
}

/** One fault, and before it has ended another; the second ends it. */
export function killedDuring(other: Fault, process: string, afterMs: number): Fault {
  const { mayStaleCache, mayFailDatabase } = other;
  return {
    name: `${other.name}, kill ${process}`,
    mayStaleCache,
    mayFailDatabase,
    async run(site, onBegun) {
      const first = other.run(site, onBegun);
      await Promise.all([first, sleep(afterMs).then(() => site.kill(process))]);
      await site.isWell(wellWithinMs);
    },
  };
}

function fault(name: string, happen: (site: Site) => Promise<void>): Fault {
  return {
    name,
    mayStaleCache: false,
    mayFailDatabase: false,
    async run(site, onBegun) {
      onBegun();
      await happen(site);
      await site.isWell(wellWithinMs);
    },
  };
}

/** @throws Error when it answers */
async function seenSilent(site: Site): Promise<void> {
  const answered = await fetch(`${site.url}/healthz`, { signal: AbortSignal.timeout(silentMs) }).then(
    () => true,
    () => false,
  );
  if (answered) throw new Error('a process that should stand still answers');
}
