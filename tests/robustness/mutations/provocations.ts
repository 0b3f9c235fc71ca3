import { crashAt, delayAt, failAt } from '../faults/failpoint-faults.ts';
import type { Fault } from '../faults/fault.ts';
import { killed, killedDuring } from '../faults/process-faults.ts';

/*
 * What makes a mutation show soon. A mechanism against races is missed when things take longer, one against crashes when
 * there is a crash: each of these is among the faults of every run, here without the others.
 */

export interface Provocation {
  readonly faults: readonly Fault[];
  readonly callsPerSecond: number;
}

const store = 'embedded';
const usual: Provocation = { faults: [], callsPerSecond: 600 };
const crashes = [crashAt('before-apply'), crashAt('before-invalidate')];
const redeliveries = [
  failAt('after-commit', 5),
  failAt('before-ack', 5),
  crashAt('before-ack'),
  crashAt('after-commit'),
];
/** A cache that has just come up is asked for leases. */
const slowFills = killedDuring(delayAt('before-fill', 150, 60), store, 20);
const neverSent = killedDuring(delayAt('before-publish', 1600, 16), store, 1300);

export const provocations: Readonly<Record<string, Partial<Provocation>>> = {
  'ack-before-commit': { faults: crashes },
  // So many that there are always some between their answer and their commit.
  'answered-before-commit': { faults: [killed(store, 1)], callsPerSecond: 2400 },
  'no-dedupe': { faults: redeliveries },
  'settling-settles-nothing': { faults: [neverSent] },
  'applied-in-reverse': { faults: [delayAt('before-invalidate', 60, 20)] },
  'condition-at-the-gateway': { faults: [delayAt('before-publish', 30, 40)] },
  'invalidated-after-the-commit': { faults: [delayAt('before-put', 60, 30)] },
  'lease-survives-a-write': { faults: [slowFills] },
  'joins-an-older-read': { faults: [delayAt('after-database-read', 40, 60)] },
  'sync-token-not-awaited': { faults: [delayAt('before-apply', 60, 20)] },
};

/** What goes wrong while a mutation is to be found; for many nothing has to. */
export function provocationOf(name: string): Provocation {
  return { ...usual, ...provocations[name] };
}
