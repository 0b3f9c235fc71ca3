import type { NativeSite } from '../../sites/native-site.ts';
import type { Fault } from '../fault.ts';

/** What a fault gets at. Two at the same time are of different parts. */
export type Part = 'edge' | 'gateway' | 'storage-node' | 'consumer' | 'queue' | 'cache' | 'locks' | 'database';

/** A fault of the native stack. */
export interface NativeFault extends Fault<NativeSite> {
  readonly part: Part;
  /** Whether it does not happen for certain while something else is wrong. Default false. */
  readonly isAlone?: boolean;
}

/** How long everything may take to be well again after the slowest of them, milliseconds: RabbitMQ's nodes after a freeze. */
export const wellWithinMs = 120_000;

/** Two faults that begin together. The one ends when both have healed. */
export function together(one: NativeFault, other: NativeFault): NativeFault {
  return {
    name: `${one.name} + ${other.name}`,
    part: one.part,
    mayStaleCache: one.mayStaleCache || other.mayStaleCache,
    mayFailDatabase: one.mayFailDatabase || other.mayFailDatabase,
    run: async (site, onBegun) => {
      let isBegun = false;
      const begin = () => {
        if (!isBegun) onBegun();
        isBegun = true;
      };
      // Both are put right, also when one did not happen.
      const ends = await Promise.allSettled([one.run(site, begin), other.run(site, begin)]);
      const failed = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason);
      if (failed.length > 0) throw new AggregateError(failed, failed.map((each) => String(each)).join('; '));
      await site.isWell(wellWithinMs);
    },
  };
}
