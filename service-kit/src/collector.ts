import { setFlagsFromString } from 'node:v8';

/** How much the memory in use may grow until the next full collection, per cent. */
const growthPercent = 300;

/**
 * Has V8 collect when all memory in use has grown by a factor, for the `main.ts` of a process that large values pass
 * through. By default every 64 MiB of buffers bring on a full collection, however little is in use: half the time of a
 * process that passes on values of 1 MiB.
 *
 * For the whole process, so not for a library. Source: `node --v8-options`.
 */
export function collectByGrowth(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}

/**
 * Has V8 make every object young. It makes objects old from the start when most that came from a place have lived for
 * long, as those of requests do that were under way when it looked. From then on each dead one keeps alive all it points
 * to, until a full collection: requests and answers are moved and kept for nothing, in every run of a process or in none.
 *
 * For the whole process, so not for a library. Source: `node --v8-options`.
 */
export function allocateYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
