import type { EntrySummary } from '../entry.ts';
import type { ScanPage, ScanPosition, ScanQuery } from '../ports/entry-reader.ts';
import { ByteReader } from './byte-reader.ts';
import { type ByteWriter, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';

/* What gateways and storage nodes say to each other about lists. */

const queryHeader = 0x5301;
const pageHeader = 0x5401;

/** Entries and folded prefixes of one page, as DESIGN §1 bounds them. */
const maxItems = 1000;

const hasDelimiter = 1;
const hasAfter = 2;
const afterPrefix = 4;

const noNext = 0;
const nextAfterKey = 1;
const nextAfterPrefix = 2;

/** The shortest summary: a key of one byte, an empty content type and four numbers. */
const leastSummaryBytes = 2 + 1 + 2 + 4 * 8;
const leastPrefixBytes = 2;

/**
 * Encodes what to list. The buffer owns the whole of its ArrayBuffer.
 *
 * @throws CodecError when it could not be decoded again
 */
export function encodeScanQuery({ prefix, delimiter, after, limit, maxBytes }: ScanQuery): Buffer<ArrayBuffer> {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxItems))
    throw new CodecError('a limit is out of its range');
  const flags =
    (delimiter === undefined ? 0 : hasDelimiter) |
    (after === undefined ? 0 : hasAfter) |
    (after?.isPrefix === true ? afterPrefix : 0);
  const writer = sharedWriter.start(queryHeader).uint8(flags).text(prefix);
  if (delimiter !== undefined) writer.text(delimiter);
  if (after !== undefined) writer.text(after.text);
  return writer.uint32(limit).safeInteger(maxBytes).finish();
}

/**
 * Decodes what to list. Texts are valid UTF-8; whether they make sense is for the reader of the database to say.
 *
 * @throws CodecError
 */
export function decodeScanQuery(body: Uint8Array): ScanQuery {
  const reader = new ByteReader(body, queryHeader);
  const flags = reader.flags(hasDelimiter | hasAfter | afterPrefix);
  if ((flags & afterPrefix) !== 0 && (flags & hasAfter) === 0) throw new CodecError('a position has no text');
  const prefix = reader.text();
  const delimiter = (flags & hasDelimiter) === 0 ? undefined : reader.text();
  const isPrefix = (flags & afterPrefix) !== 0;
  const after = (flags & hasAfter) === 0 ? undefined : { text: reader.text(), isPrefix };
  const limit = reader.within(1, maxItems);
  const maxBytes = reader.safeInteger();
  reader.finish();
  return { prefix, delimiter, after, limit, maxBytes };
}

/**
 * Encodes a page of a list. The buffer owns the whole of its ArrayBuffer.
 *
 * @throws CodecError when it could not be decoded again
 */
export function encodeScanPage({ entries, prefixes, next }: ScanPage): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(pageHeader).uint32(entries.length);
  for (const summary of entries) writeSummary(writer, summary);
  writer.uint32(prefixes.length);
  for (const prefix of prefixes) writer.text(prefix);
  writer.uint8(next === undefined ? noNext : next.isPrefix ? nextAfterPrefix : nextAfterKey);
  if (next !== undefined) writer.text(next.text);
  return writer.finish();
}

/**
 * Decodes a page of a list.
 *
 * @param limit entries and prefixes asked for; more than that is refused
 * @throws CodecError
 */
export function decodeScanPage(body: Uint8Array, limit: number): ScanPage {
  const reader = new ByteReader(body, pageHeader);
  const entryCount = reader.count(leastSummaryBytes);
  if (entryCount > limit) throw new CodecError('the page has more entries than asked for');
  const entries: EntrySummary[] = [];
  for (let index = 0; index < entryCount; index += 1) entries.push(readSummary(reader));
  const prefixCount = reader.count(leastPrefixBytes);
  if (entryCount + prefixCount > limit) throw new CodecError('the page has more prefixes than asked for');
  const prefixes: string[] = [];
  for (let index = 0; index < prefixCount; index += 1) prefixes.push(reader.text());
  const next = readNext(reader);
  reader.finish();
  return { entries, prefixes, next };
}

function writeSummary(writer: ByteWriter, summary: EntrySummary): void {
  if (summary.expiresAt === 0) throw new CodecError('an expiry of 0 would be read as never');
  writer.text(summary.key).text(summary.contentType);
  writer.safeInteger(summary.version).safeInteger(summary.size);
  writer.safeInteger(summary.modifiedAt).safeInteger(summary.expiresAt ?? 0);
}

function readSummary(reader: ByteReader): EntrySummary {
  const key = reader.key();
  const contentType = reader.text();
  const version = reader.safeInteger();
  const size = reader.safeInteger();
  const modifiedAt = reader.safeInteger();
  const expiry = reader.safeInteger();
  return { key, version, size, contentType, modifiedAt, expiresAt: expiry === 0 ? undefined : expiry };
}

function readNext(reader: ByteReader): ScanPosition | undefined {
  const flag = reader.uint8();
  if (flag > nextAfterPrefix) throw new CodecError('a page goes on in an unknown way');
  return flag === noNext ? undefined : { text: reader.text(), isPrefix: flag === nextAfterPrefix };
}
