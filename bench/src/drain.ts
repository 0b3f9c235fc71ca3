import { setTimeout as sleep } from 'node:timers/promises';
import { readSettled } from './metrics.ts';
import type { Server } from './server.ts';

/** How a store worked off what it had accepted. */
export interface Drain {
  /** Operations that had no outcome yet when the load ended. */
  readonly backlog: number;
  readonly seconds: number;
  /** Operations a second, after the load; undefined when there was too little to tell. */
  readonly rate: number | undefined;
}

const pollMs = 20;
const limitMs = 300_000;
const leastSeconds = 0.2;

/**
 * Waits until no more than `leftOver` of the operations accepted so far have no outcome.
 *
 * @param accepted operations accepted since the store was started
 * @throws Error when that takes more than five minutes, or more have an outcome than were accepted
 */
export async function drain(server: Server, accepted: number, leftOver = 0): Promise<Drain> {
  const startedAt = performance.now();
  const first = await readSettled(server.port);
  let settled = first;
  while (accepted - settled > leftOver) {
    if (performance.now() - startedAt > limitMs) throw new Error(`${accepted - settled} operations have no outcome`);
    await sleep(pollMs);
    settled = await readSettled(server.port);
  }
  if (settled > accepted) throw new Error(`${settled} operations have an outcome, ${accepted} were accepted`);
  const seconds = (performance.now() - startedAt) / 1000;
  return { backlog: accepted - first, seconds, rate: seconds < leastSeconds ? undefined : (settled - first) / seconds };
}
