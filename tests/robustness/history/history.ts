import type { Call } from './call.ts';

/** What is known of the recording as a whole; the first line of its file. */
export interface HistoryHeader {
  /** Added to a time of the recording's clock it gives milliseconds since 1970 by that machine's clock. */
  readonly wallOffsetMs: number;
  /** What the traffic was made from, to make it again. */
  readonly seed?: number | undefined;
}

/** All calls of a run, in any order. */
export interface History {
  readonly header: HistoryHeader;
  readonly calls: readonly Call[];
}

/** A time of the recording's clock as milliseconds since 1970. */
export function wallTime({ header }: History, time: number): number {
  return time + header.wallOffsetMs;
}
