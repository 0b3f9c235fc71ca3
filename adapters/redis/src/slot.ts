import {
  type CachedEntry,
  CodecError,
  cachedEntryLayout,
  decodeCachedEntry,
  encodeCachedEntry,
  type Key,
  type Version,
} from '@stratakv/core';

/* What is in a slot, as bytes. `scripts.ts` has the layout. */

const versionAt = 29;
const bodyAt = 37;
/** Of a body as much as scripts look at: up to and with `asOf`. Its checksum is in there. */
const bodyHeadBytes = cachedEntryLayout.asOf + 8;
/** All that scripts look at. */
const headBytes = bodyAt + bodyHeadBytes;
const referenceBytes = headBytes + 4;

const kinds = { entry: 0x45, apart: 0x52, lease: 0x4c, marker: 0x4d };

/** An entry whose body lies apart. */
export interface Reference {
  readonly kind: 'apart';
  /** How its body begins. */
  readonly bodyHead: Buffer;
  readonly bodyBytes: number;
}

/** What is known about a key. `none`: its slot is empty, or a lease or a marker stands in it. */
export type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'entry'; readonly cached: CachedEntry }
  | { readonly kind: 'damaged' };

const none: Found = { kind: 'none' };
const damaged: Found = { kind: 'damaged' };

/**
 * Reads a slot, trusting nothing. The value of the entry is a view of `bytes`.
 *
 * @param bytes null: the slot is empty
 */
export function readSlot(key: Key, bytes: Buffer | null): Found | Reference {
  if (bytes === null) return none;
  const kind = bytes[0];
  if (kind === kinds.marker || kind === kinds.lease) return none;
  if (kind === kinds.entry && bytes.length >= headBytes)
    return readEntry(key, bytes.subarray(bodyAt), versionOf(bytes));
  if (kind !== kinds.apart || bytes.length !== referenceBytes) return damaged;
  return { kind: 'apart', bodyHead: bytes.subarray(bodyAt, headBytes), bodyBytes: bytes.readUInt32BE(headBytes) };
}

/** Reads the body a reference stands for. Damaged also means: it is not there, or that of another write. */
export function readBody(key: Key, { bodyHead }: Reference, body: Buffer | null): Found {
  if (body === null || !bodyHead.equals(body.subarray(0, bodyHeadBytes))) return damaged;
  return readEntry(key, body, undefined);
}

/**
 * @param version what the slot says about it. A tombstone, which is cached as absence, has none in its body.
 */
function readEntry(key: Key, body: Buffer, version: Version | undefined): Found {
  try {
    const cached = decodeCachedEntry(body);
    const { entry } = cached;
    if (entry === undefined) return { kind: 'entry', cached };
    // An answer to another question, or a slot that was moved: no checksum tells.
    const isThis = entry.key === key && (version === undefined || entry.version === version);
    return isThis ? { kind: 'entry', cached } : damaged;
  } catch (error) {
    if (error instanceof CodecError) return damaged;
    throw error;
  }
}

/** An entry on its way into Redis. */
export interface NewSlot {
  readonly slot: Buffer;
  /** What is to lie apart; empty: nothing. */
  readonly body: Buffer;
}

export const nothing = Buffer.alloc(0);

/**
 * Writes an entry, or its absence.
 *
 * @param version that of the entry or tombstone; 0 for absence that a reader found
 * @param inlineBytes a body longer than this lies apart
 * @throws CodecError for what could not be read again
 */
export function writeSlot(cached: CachedEntry, version: Version | 0, inlineBytes: number): NewSlot {
  const body = encodeCachedEntry(cached);
  const isApart = body.length > inlineBytes;
  const slot = Buffer.alloc(isApart ? referenceBytes : bodyAt + body.length);
  slot[0] = isApart ? kinds.apart : kinds.entry;
  slot.writeUInt32BE(Math.floor(version / 0x1_0000_0000), versionAt);
  slot.writeUInt32BE(version % 0x1_0000_0000, versionAt + 4);
  body.copy(slot, bodyAt, 0, isApart ? bodyHeadBytes : body.length);
  if (isApart) slot.writeUInt32BE(body.length, headBytes);
  return { slot, body: isApart ? body : nothing };
}

/** The same for an entry that is not to be kept: only the numbers that scripts compare. */
export function writeHead({ entry, asOf }: CachedEntry, version: Version | 0): NewSlot {
  const { slot } = writeSlot({ entry: entry && { ...entry, value: nothing }, asOf }, version, Number.POSITIVE_INFINITY);
  return { slot: slot.subarray(0, headBytes), body: nothing };
}

function versionOf(slot: Buffer): Version {
  return slot.readUInt32BE(versionAt) * 0x1_0000_0000 + slot.readUInt32BE(versionAt + 4);
}
