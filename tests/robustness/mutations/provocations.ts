import { crashAt, delayAt, failAt } from '../faults/failpoint-faults.ts';
import type { Fault } from '../faults/fault.ts';
import { killed, killedDuring } from '../faults/process-faults.ts';

/*
 * What makes a mutation show soon. A mechanism against races is missed when things take longer, one against crashes when
 * there is a crash: each of these is among the faults of every run, here without the others.
 */

const store = 'embedded';
const crashes = [crashAt('before-apply'), crashAt('before-invalidate')];
const redeliveries = [
  failAt('after-commit', 5),
  failAt('before-ack', 5),
  crashAt('before-ack'),
  crashAt('after-commit'),
];
/** A cache that has just come up is asked for leases. */
const slowFills = [killedDuring(delayAt('before-fill', 60, 60), store, 20)];
const neverSent = killedDuring(delayAt('before-publish', 1600, 16), store, 1300);

const provocations: Readonly<Record<string, readonly Fault[]>> = {
  'ack-before-commit': crashes,
  'answered-before-commit': [killed(store, 1)],
  'no-dedupe': redeliveries,
  'settling-settles-nothing': [neverSent],
  'applied-in-reverse': [delayAt('before-invalidate', 60, 20)],
  'condition-at-the-gateway': [delayAt('before-publish', 30, 40)],
  'invalidated-after-the-commit': [delayAt('before-put', 60, 30)],
  'lease-survives-a-write': slowFills,
  'joins-an-older-read': [delayAt('after-database-read', 40, 60)],
  'sync-token-not-awaited': [delayAt('before-apply', 60, 20)],
};

/** What goes wrong while a mutation is to be found; for most nothing has to. */
export function provocationOf(name: string): readonly Fault[] {
  return provocations[name] ?? [];
}
