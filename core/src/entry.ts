import type { Key } from './key.ts';
import type { Version } from './version.ts';

/** `KV-Meta-*` headers of an entry: lower-case name without the prefix, and value, in the order they came. */
export type Meta = readonly (readonly [name: string, value: string])[];

/** A key with its value, as stored. */
export interface Entry {
  readonly key: Key;
  /** The bytes as they were sent. Never changed in place: they are shared with the cache. */
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly meta: Meta;
  readonly version: Version;
  /** When it was applied, milliseconds since 1970 by the database's clock. */
  readonly modifiedAt: number;
  /** When it stops being there, milliseconds since 1970 by the database's clock; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** What a delete leaves behind, so that the key's versions go on growing and a late cache fill is refused. */
export interface Tombstone {
  readonly key: Key;
  readonly version: Version;
  /** Milliseconds since 1970 by the database's clock. */
  readonly deletedAt: number;
}

export function isTombstone(stored: Entry | Tombstone): stored is Tombstone {
  return 'deletedAt' in stored;
}

/** Whether an entry has reached its expiry: absent for reads, lists and conditions, in every layer. */
export function isExpired(entry: { readonly expiresAt: number | undefined }, nowMs: number): boolean {
  return entry.expiresAt !== undefined && entry.expiresAt <= nowMs;
}

/** An entry as a list shows it: all but the value and the meta headers. */
export interface EntrySummary {
  readonly key: Key;
  readonly version: Version;
  /** Bytes of the value. */
  readonly size: number;
  readonly contentType: string;
  readonly modifiedAt: number;
  readonly expiresAt: number | undefined;
}
