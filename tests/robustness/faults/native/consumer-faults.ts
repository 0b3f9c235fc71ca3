import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../framework/eventually.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';

/** Longer than a partition lease of 7 s and what another one needs to take over. */
const pausedMs = 13_000;

/** A consumer is frozen with a transaction open, others take its partitions, and then it goes on where it was. */
const pausedInTransaction: NativeFault = {
  name: 'pause a consumer in its transaction',
  part: 'consumer',
  // Not as long as its marker stands, 15 s.
  mayStaleCache: false,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    const tokens = await site.database.fenceTokens();
    onBegun();
    const point = site.failpoints.set('in-transaction', { kind: 'delay', ms: 300 });
    const consumer = await eventually(() => {
      const [hit] = point.hits();
      const found = site.stack.note.processes.find(({ pid }) => pid === hit?.pid);
      return found ? Promise.resolve(found.name) : Promise.reject(new Error('no consumer came to its transaction'));
    }, 30_000).finally(() => point.lift());
    site.freeze(consumer);
    try {
      await sleep(pausedMs);
      const raised = [...(await site.database.fenceTokens())].filter(
        ([partition, token]) => token > (tokens.get(partition) ?? 0),
      );
      if (raised.length === 0) throw new Error(`nobody took a partition of ${consumer} over`);
    } finally {
      site.thaw(consumer);
    }
    await site.isWell(wellWithinMs);
  },
};

export const consumerFaults: readonly NativeFault[] = [pausedInTransaction];
