import { setTimeout as sleep } from 'node:timers/promises';
import { readSettled } from './metrics.ts';
import type { Server } from './server.ts';

/** How a store worked off what it had accepted. */
export interface Drain {
  /** Operations that had no outcome yet when the load ended. */
  readonly backlog: number;
  readonly seconds: number;
}

const pollMs = 20;
const limitMs = 300_000;

/**
 * Waits until no more than `leftOver` of the operations accepted so far have no outcome.
 *
 * @param accepted operations accepted since the store was started
 * @throws Error when that takes more than five minutes, or more have an outcome than were accepted
 */
export async function drain(server: Server, accepted: number, leftOver = 0): Promise<Drain> {
  const startedAt = performance.now();
  let settled = await readSettled(server.port);
  const backlog = accepted - settled;
  while (accepted - settled > leftOver) {
    if (performance.now() - startedAt > limitMs) throw new Error(`${accepted - settled} operations have no outcome`);
    await sleep(pollMs);
    settled = await readSettled(server.port);
  }
  if (settled > accepted) throw new Error(`${settled} operations have an outcome, ${accepted} were accepted`);
  return { backlog, seconds: (performance.now() - startedAt) / 1000 };
}
