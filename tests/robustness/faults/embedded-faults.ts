import { crashAt, delayAt, delayEverywhere, failAt } from './failpoint-faults.ts';
import type { Fault } from './fault.ts';
import { frozen, killed, killedDuring, killedWhileFrozen } from './process-faults.ts';

/** The places of the source that the embedded store comes to. */
export const embeddedPlaces = [
  'before-publish',
  'after-confirm',
  'before-invalidate',
  'before-apply',
  'after-commit',
  'before-put',
  'before-notify',
  'before-ack',
  'before-database-read',
  'after-database-read',
  'before-fill',
] as const;

const store = 'embedded';

/** What can go wrong with one process. Its cache is part of it: no fault lets it miss a write. */
export const embeddedFaults: readonly Fault[] = [
  killed(store, 1),
  killed(store, 3),
  ...embeddedPlaces.map((place) => crashAt(place)),
  frozen(store, 400),
  // Longer than a confirm may take.
  frozen(store, 1500),
  killedWhileFrozen(store, 300),
  ...embeddedPlaces.map((place) => delayAt(place, 60, 10)),
  delayEverywhere(embeddedPlaces, 25, 20),
  // Of these nobody knows what becomes of them: they land late, or never.
  delayAt('before-publish', 1400, 12),
  killedDuring(delayAt('before-publish', 1200, 16), store, 1100),
  killedDuring(delayEverywhere(embeddedPlaces, 40, 10), store, 150),
  // The commit's answer is lost, the waiting are not told, the delivery comes again.
  failAt('after-commit', 3),
  failAt('before-notify', 10),
  failAt('before-ack', 3),
  failAt('before-publish', 10),
  failAt('before-database-read', 10, { mayFailDatabase: true }),
];
