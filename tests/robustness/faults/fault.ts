import type { Site } from '../sites/site.ts';

/** Something that goes wrong in a run, and is put right again. */
export interface Fault<At extends Site = Site> {
  readonly name: string;
  /** Whether the cache may miss writes by it: see `FaultWindow`. */
  readonly mayStaleCache: boolean;
  /** Whether reads of the database may fail by it. */
  readonly mayFailDatabase: boolean;
  /**
   * Makes it happen, leaves it for a while, and puts it right. Resolves when it was seen to have happened and the store
   * is well again.
   *
   * @param onBegun to be called just before the first thing is done
   * @throws Error when it did not happen, or the store did not recover
   */
  readonly run: (site: At, onBegun: () => void) => Promise<void>;
}
