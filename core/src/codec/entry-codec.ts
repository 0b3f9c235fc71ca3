import { crc32 } from 'node:zlib';
import type { Entry, Meta } from '../entry.ts';
import type { Key } from '../key.ts';
import type { CachedEntry } from '../ports/entry-cache.ts';
import { ByteReader, type ValueMode } from './byte-reader.ts';
import { type ByteWriter, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';

const header = 0x4501;
const checksumAt = 2;
const checkedFrom = 6;

/**
 * Where scripts inside Redis find the numbers of a cached entry: offsets of unsigned big-endian 8-byte integers.
 * `version` is 0 for a known absence, `expiresAt` is 0 for never; times are milliseconds since 1970.
 */
export const cachedEntryLayout = { version: 6, expiresAt: 14, asOf: 22 } as const;

/**
 * Encodes what a cache holds about a key. The buffer owns the whole of its ArrayBuffer.
 *
 * @throws CodecError for an entry that could not be decoded again: a text over 65,535 bytes, a time that is no whole
 * number of milliseconds
 */
export function encodeCachedEntry({ entry, asOf }: CachedEntry): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(header).uint32(0);
  writer.safeInteger(entry?.version ?? 0);
  writeExpiry(writer, entry?.expiresAt);
  writer.safeInteger(asOf).uint8(entry === undefined ? 0 : 1);
  if (entry !== undefined) writeContent(writer, entry);
  const body = writer.finish();
  body.writeUInt32BE(crc32(body.subarray(checkedFrom)), checksumAt);
  return body;
}

/**
 * Decodes what a cache holds about a key.
 *
 * @param values whether the value is a view of `body` (the default) or a copy
 * @throws CodecError when the body is damaged or of an unknown format: to be taken as a miss
 */
export function decodeCachedEntry(body: Uint8Array, values: ValueMode = 'view'): CachedEntry {
  const reader = new ByteReader(body, header, values);
  if (reader.uint32() !== crc32(body.subarray(checkedFrom))) throw new CodecError('the checksum is wrong');
  const version = reader.safeInteger();
  const expiresAt = reader.safeInteger();
  const asOf = reader.safeInteger();
  const isPresent = reader.flags(1) === 1;
  if (!isPresent && (version !== 0 || expiresAt !== 0)) throw new CodecError('an absent entry has a version');
  const entry = isPresent ? readContent(reader, version, expiresAt) : undefined;
  reader.finish();
  return { entry, asOf };
}

/** Writes an entry into a message. */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.safeInteger(entry.version);
  writeExpiry(writer, entry.expiresAt);
  writeContent(writer, entry);
}

/** Reads an entry out of a message. Throws CodecError. */
export function readEntry(reader: ByteReader): Entry {
  const version = reader.safeInteger();
  return readContent(reader, version, reader.safeInteger());
}

/** Writes the meta headers of an entry into a message. */
export function writeMeta(writer: ByteWriter, meta: Meta): void {
  if (meta.length > 0xffff) throw new CodecError('an entry to write has too many meta headers');
  writer.uint16(meta.length);
  for (const [name, value] of meta) writer.text(name).text(value);
}

/** Reads the meta headers of an entry out of a message. Throws CodecError. */
export function readMeta(reader: ByteReader): Meta {
  const count = reader.uint16();
  const meta: [string, string][] = [];
  for (let index = 0; index < count; index += 1) meta.push([reader.text(), reader.text()]);
  return meta;
}

function writeExpiry(writer: ByteWriter, expiresAt: number | undefined): void {
  if (expiresAt === 0) throw new CodecError('an expiry of 0 would be read as never');
  writer.safeInteger(expiresAt ?? 0);
}

function writeContent(writer: ByteWriter, entry: Entry): void {
  writer.text(entry.key).text(entry.contentType);
  writeMeta(writer, entry.meta);
  writer.safeInteger(entry.modifiedAt).value(entry.value);
}

function readContent(reader: ByteReader, version: number, expiry: number): Entry {
  const key: Key = reader.key();
  const contentType = reader.text();
  const meta = readMeta(reader);
  const modifiedAt = reader.safeInteger();
  const value = reader.value();
  return { key, value, contentType, meta, version, modifiedAt, expiresAt: expiry === 0 ? undefined : expiry };
}
