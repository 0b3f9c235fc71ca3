import type { IncomingHttpHeaders } from 'node:http';
import { type Condition, type Entry, formatEtag, parseEtag, StrataError } from '@stratakv/core';

const versionTag = '"[1-9][0-9]{0,15}"';

export const writeConditionHeaders = [
  {
    name: 'If-Match',
    schema: { type: 'string', pattern: `^(\\*|${versionTag})$` },
    description: 'Apply only to an entry at this version, or to any entry (*). Judged when the write is applied.',
  },
  {
    name: 'If-None-Match',
    schema: { type: 'string', const: '*' },
    description: 'Apply only when there is no entry. Judged when the write is applied.',
  },
];
export const readConditionHeaders = [
  {
    name: 'If-None-Match',
    schema: { type: 'string' },
    description: '304 when the entry has one of these ETags, or exists (*).',
  },
  {
    name: 'If-Modified-Since',
    schema: { type: 'string' },
    description: '304 when the entry was not changed since. Not looked at beside If-None-Match.',
  },
];

// All three forms of RFC 9110 §5.6.7 begin with the day of the week.
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;

/** Conditions on writes that are not ours to ignore: a client that sends one counts on it. */
const unsupportedOnWrites = ['if-modified-since', 'if-unmodified-since', 'if-range'] as const;
const unsupportedOnReads = ['if-match', 'if-unmodified-since'] as const;

/**
 * The condition of a write: `If-Match: "V"`, `If-Match: *` or `If-None-Match: *` (RFC 9110 §13.1). It is judged when
 * the write is applied.
 *
 * @throws StrataError `unsupported-condition` for any other
 */
export function parseWriteCondition(headers: IncomingHttpHeaders): Condition | undefined {
  refuse(headers, unsupportedOnWrites);
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match !== undefined && noneMatch !== undefined) throw unsupported('A write takes one condition.');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw unsupported('If-None-Match on a write takes only *.');
    return { kind: 'absent' };
  }
  if (match === undefined) return undefined;
  if (match === '*') return { kind: 'present' };
  const version = parseEtag(match);
  if (version === undefined)
    throw unsupported('If-Match takes * or one ETag of this store, such as "1763702400000000".');
  return { kind: 'version', version };
}

/**
 * Whether a conditional read is answered with 304: `If-None-Match` (a list or *) or, without one, `If-Modified-Since`.
 */
export function isUnchanged(headers: IncomingHttpHeaders, entry: Entry): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return true;
    const etag = formatEtag(entry.version);
    return noneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  }
  const since = headers['if-modified-since'];
  if (since === undefined) return false;
  // What is no HTTP-date is not looked at (RFC 9110 §13.1.3); Date.parse would take "2099".
  const sinceMs = httpDate.test(since) ? Date.parse(since) : Number.NaN;
  return Number.isFinite(sinceMs) && Math.floor(entry.modifiedAt / 1000) * 1000 <= sinceMs;
}

/** @throws StrataError `unsupported-condition` when a read carries one that only makes sense on writes */
export function refuseReadConditions(headers: IncomingHttpHeaders): void {
  refuse(headers, unsupportedOnReads);
}

function refuse(headers: IncomingHttpHeaders, names: readonly string[]): void {
  for (const name of names) {
    if (headers[name] !== undefined) throw unsupported(`${name} is not supported here.`);
  }
}

function unsupported(detail: string): StrataError {
  return new StrataError('unsupported-condition', detail);
}
