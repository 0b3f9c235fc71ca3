import { setTimeout as sleep } from 'node:timers/promises';
import type { FailpointAction } from '../../failpoints/control.ts';
import { type Place, places } from '../../failpoints/places.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';

const hitWithinMs = 30_000;

interface Deed {
  readonly name: string;
  readonly action: FailpointAction;
  readonly times: number;
  /** Places it is done at. Default: all. */
  readonly places?: ReadonlySet<string>;
}

const deeds: readonly Deed[] = [
  { name: 'crash', action: { kind: 'crash' }, times: 1 },
  { name: 'delay', action: { kind: 'delay', ms: 2_000 }, times: 3 },
  {
    name: 'fail',
    action: { kind: 'fail' },
    times: 3,
    // Where what is done can fail in this way. At the others nothing ever rejects, and nobody is prepared for it.
    places: new Set(['in-transaction', 'after-commit', 'before-notify', 'before-ack', 'before-lease-renew']),
  },
];

/** At each failpoint: the process that comes to it first ends, three are late; where that can be, three fail. */
export const failpointFaults: readonly NativeFault[] = places.flatMap((place) =>
  deeds.filter((deed) => deed.places?.has(place.name) ?? true).map((deed) => fault(place, deed)),
);

function fault({ name: place, process }: Place, { name, action, times }: Deed): NativeFault {
  return {
    name: `${name} ${place}`,
    part: process,
    // A batch that ended there has its keys out of the cache, and markers that keep them out until it is applied again.
    mayStaleCache: false,
    mayFailDatabase: place === 'before-database-read',
    run: async (site, onBegun) => {
      onBegun();
      const point = site.failpoints.set(place, action, times);
      try {
        for (const deadline = Date.now() + hitWithinMs; point.hits().length < times; await sleep(50)) {
          if (Date.now() > deadline) throw new Error(`${point.hits().length} of ${times} processes came to ${place}`);
        }
        if (action.kind === 'delay') await sleep(action.ms);
      } finally {
        point.lift();
      }
      await site.isWell(wellWithinMs);
    },
  };
}
