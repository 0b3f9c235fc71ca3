import type { Entry, Tombstone } from '../entry.ts';
import type { Key } from '../key.ts';

/** What a cache holds about a key: the entry, or that there is none. */
export interface CachedEntry {
  /** Undefined: known to be absent. */
  readonly entry: Entry | undefined;
  /** Start of the database read it comes from, or the commit: milliseconds since 1970. `Age` counts from here. */
  readonly asOf: number;
}

export interface CacheQuery {
  readonly key: Key;
  /** Older than this is a miss. */
  readonly maxAgeMs: number;
  /** Whether a miss should get a lease, so that the reader may fill. */
  readonly wantsLease: boolean;
}

export type CacheAnswer =
  | { readonly kind: 'hit'; readonly cached: CachedEntry }
  | {
      readonly kind: 'miss';
      /** Permission to fill; undefined when not wanted, or held by another reader, or a write is going on. */
      readonly lease: string | undefined;
      /** What is there but too old, kept for `stale-if-error`. Never an expired entry. */
      readonly stale: CachedEntry | undefined;
    };

export interface CacheFill extends CachedEntry {
  readonly key: Key;
  readonly lease: string;
}

/** An entry a consumer has just committed, or the tombstone of a deleted one. */
export interface CacheWrite {
  readonly stored: Entry | Tombstone;
  readonly asOf: number;
}

/**
 * The cache in front of the entry store. Rules: a fill needs a lease that no write has voided, and is refused when
 * something with a higher version, or as fresh, is there; while a marker stands, fills are refused; a put needs its
 * own marker, and otherwise only removes what is older; either way it voids the leases, because with the marker lost a
 * reader may hold a lease from between invalidate and commit. What is lost costs a miss, never a wrong answer.
 */
export interface EntryCache {
  /** One answer for each query, in order. */
  lookup(queries: readonly CacheQuery[]): Promise<readonly CacheAnswer[]>;
  /**
   * Stores what a reader found. True for each fill that was taken: its lease was valid until now. A fill that is
   * refused uses its lease up too.
   */
  fill(fills: readonly CacheFill[]): Promise<readonly boolean[]>;
  /** Before a commit: removes the entries, voids their leases and leaves a marker that refuses fills. */
  invalidate(keys: readonly Key[], marker: string): Promise<void>;
  /**
   * After a commit: stores what was written and takes the marker away from all `keys` of the batch, also from those
   * that did not change.
   */
  put(keys: readonly Key[], writes: readonly CacheWrite[], marker: string): Promise<void>;
  /** Rejects when the cache cannot be used now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
