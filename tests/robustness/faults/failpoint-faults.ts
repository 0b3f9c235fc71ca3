import { setTimeout as sleep } from 'node:timers/promises';
import type { FailpointAction } from '../failpoints/control.ts';
import { type Place, places } from '../failpoints/places.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';

const hitWithinMs = 30_000;

const actions: readonly { readonly name: string; readonly action: FailpointAction; readonly times: number }[] = [
  { name: 'crash', action: { kind: 'crash' }, times: 1 },
  { name: 'fail', action: { kind: 'fail' }, times: 3 },
  { name: 'delay', action: { kind: 'delay', ms: 2_000 }, times: 3 },
];

/** At each failpoint: the process that comes to it first ends, three fail, three are late. */
export const failpointFaults: readonly NativeFault[] = places.flatMap((place) =>
  actions.map((each) => fault(place, each)),
);

function fault(place: Place, { name, action, times }: (typeof actions)[number]): NativeFault {
  return {
    name: `${name} ${place.name}`,
    part: place.process,
    // The cache is not told of a batch that ended there, and nothing else tells it.
    mayStaleCache: action.kind === 'fail' && (place.name === 'before-invalidate' || place.name === 'before-put'),
    mayFailDatabase: place.name === 'before-database-read',
    run: async (site, onBegun) => {
      onBegun();
      const point = site.failpoints.set(place.name, action, times);
      try {
        const deadline = Date.now() + hitWithinMs;
        while (point.hits().length < times) {
          if (Date.now() > deadline)
            throw new Error(`${point.hits().length} of ${times} processes came to ${place.name}`);
          await sleep(50);
        }
        if (action.kind === 'delay') await sleep(action.ms);
      } finally {
        point.lift();
      }
      await site.isWell(wellWithinMs);
    },
  };
}
