/**
 * How long to pause before trying again, milliseconds: between half and all of `firstMs` doubled with each attempt, at
 * most `maxMs`. The jitter keeps consumers that failed together from coming back together.
 *
 * @param attempt failures so far, from 0
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  const pause = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return pause * (0.5 + Math.random() / 2);
}
