import type { CacheAnswer, CachedEntry, Entry, Key } from '@stratakv/core';

/**
 * What a slot takes with an empty key: itself, its place in the map, a lease or marker. Measured on Node 24 with the
 * entry's own objects (the value is a typed array with a buffer of its own), rounded up.
 */
const slotOverheadBytes = 320;
const entryOverheadBytes = 640;
const metaOverheadBytes = 128;

/** A lease or a marker: never both, for a marker voids the lease and keeps new ones away. */
export interface Pending {
  readonly lease: string | undefined;
  readonly marker: string | undefined;
  /** Milliseconds since 1970 from which on it no longer stands. */
  readonly until: number;
}

type Hit = Extract<CacheAnswer, { kind: 'hit' }>;

/** What the cache holds about one key. */
export class CacheSlot {
  readonly key: Key;
  /** What it counts for. */
  bytes: number;
  /** The answer to a lookup, made once; undefined: nothing is held. */
  hit: Hit | undefined = undefined;
  /** Milliseconds since 1970 from which on nothing is held. */
  heldUntil = 0;
  /** Version of the entry or tombstone; 0 for absence that a reader found. */
  version = 0;
  pending: Pending | undefined = undefined;
  /** Whether it was hit, or got a marker, since the hand last came by. */
  isReferenced = false;

  constructor(key: Key) {
    this.key = key;
    this.bytes = slotOverheadBytes + key.length * 2;
  }

  /** What is held at this time, however old. */
  heldAt(now: number): CachedEntry | undefined {
    return now < this.heldUntil ? this.hit?.cached : undefined;
  }

  /** Takes in what is known about the key; returns the bytes it takes. Something held before is forgotten first. */
  hold(cached: CachedEntry, version: number, heldUntil: number): number {
    this.hit = { kind: 'hit', cached };
    this.version = version;
    this.heldUntil = heldUntil;
    const bytes = entryBytes(cached.entry);
    this.bytes += bytes;
    return bytes;
  }

  /** Forgets what is known about the key; returns the bytes that frees. */
  forget(): number {
    if (this.hit === undefined) return 0;
    const bytes = entryBytes(this.hit.cached.entry);
    this.hit = undefined;
    this.version = 0;
    this.heldUntil = 0;
    this.bytes -= bytes;
    return bytes;
  }
}

function entryBytes(entry: Entry | undefined): number {
  if (entry === undefined) return 0;
  // The whole buffer, which the value may fill only in part.
  let bytes = entryOverheadBytes + entry.value.buffer.byteLength + entry.contentType.length;
  for (const [name, value] of entry.meta) bytes += metaOverheadBytes + name.length + value.length;
  return bytes;
}
