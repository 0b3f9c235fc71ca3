import type { Entry } from '../entry.ts';
import type { ProblemCode } from '../errors.ts';
import type { Key } from '../key.ts';
import type { ReadLevel } from '../read-level.ts';
import type { EntryReader } from './entry-reader.ts';

export interface LeveledRead {
  readonly key: Key;
  readonly level: ReadLevel;
  /** Goes along to every log line about the read. */
  readonly traceId?: string;
}

/** How an answer came about, in the words of RFC 9211. */
export interface CacheStatus {
  /** Why the cache did not answer; undefined: it did. */
  readonly forwarded: 'miss' | 'stale' | 'request' | 'bypass' | undefined;
  /** Milliseconds it still counts as fresh; negative for a stale answer; undefined when it did not come from the cache. */
  readonly ttlMs: number | undefined;
  /** Whether the cache took the answer in. */
  readonly isStored: boolean;
  /** Whether the read was shared with another one. */
  readonly isCollapsed: boolean;
}

export type LeveledAnswer =
  | {
      readonly kind: 'found';
      /** Undefined: there is no entry. */
      readonly entry: Entry | undefined;
      readonly ageMs: number;
      readonly cacheStatus: CacheStatus;
    }
  | { readonly kind: 'problem'; readonly code: ProblemCode };

/** An answer, or the promise of one that takes longer. The promise never rejects. */
export type PendingAnswer = LeveledAnswer | Promise<LeveledAnswer>;

/** What a gateway asks of the storage nodes. */
export interface Storage extends Pick<EntryReader, 'scan' | 'operations' | 'fingerprint' | 'installation' | 'check'> {
  /**
   * Reads entries, each at its level; one answer for each read, in order. Resolves as soon as the cache has answered,
   * so that a hit never waits for the misses beside it.
   *
   * @param deadline milliseconds since 1970 after which nobody waits for an answer
   */
  readEach(reads: readonly LeveledRead[], deadline: number): Promise<readonly PendingAnswer[]>;
}
