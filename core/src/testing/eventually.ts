import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `look` gives something other than undefined or false, and returns it. For effects that real servers show
 * a little later.
 *
 * @throws Error that names `what` when that has not come within `withinMs` milliseconds
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | undefined | false | Promise<Found | undefined | false>,
  withinMs = 10_000,
): Promise<Found> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${what}`);
    await delay(10);
  }
}
