import type { IncomingHttpHeaders } from 'node:http';
import { type Meta, maxTtlSeconds, StrataError } from '@stratakv/core';

export const defaultContentType = 'application/octet-stream';
export const maxMetaBytes = 2048;
const maxContentTypeBytes = 255;

const metaPrefix = 'kv-meta-';
const mediaType = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+(?:\s*;.*)?$/i;
const seconds = /^[1-9][0-9]{0,8}$/;

export const ttlHeader = {
  name: 'KV-TTL',
  schema: { type: 'integer', minimum: 1, maximum: maxTtlSeconds },
  description: 'Seconds the entry stays, from the moment of applying.',
};
export const contentTypeHeader = {
  name: 'Content-Type',
  schema: { type: 'string', maxLength: maxContentTypeBytes, default: defaultContentType },
  description: 'Kept with the value and sent back with it.',
};
export const metaHeader = {
  name: 'KV-Meta-{name}',
  schema: { type: 'string', maxLength: maxMetaBytes },
  description: `Kept with the value; names and values of all together have at most ${maxMetaBytes} bytes.`,
};

/**
 * The media type that is kept with a value (RFC 9110 §8.3).
 *
 * @throws StrataError `invalid-header`
 */
export function parseContentType(header: string | undefined): string {
  if (header === undefined) return defaultContentType;
  if (header.length > contentTypeHeader.schema.maxLength || !mediaType.test(header)) {
    throw new StrataError('invalid-header', `Content-Type is type/subtype, at most ${maxContentTypeBytes} bytes.`);
  }
  return header;
}

const noMeta: Meta = [];

/**
 * The `KV-Meta-*` headers: names in lower case without the prefix, sorted, values byte for byte (one character a byte).
 *
 * @throws StrataError `invalid-header` above 2 KiB of names and values
 */
export function parseMeta(headers: IncomingHttpHeaders): Meta {
  let meta: [string, string][] | undefined;
  let bytes = 0;
  for (const header in headers) {
    if (!header.startsWith(metaPrefix)) continue;
    const name = header.slice(metaPrefix.length);
    if (name === '') throw new StrataError('invalid-header', 'A KV-Meta- header needs a name.');
    const value = String(headers[header]);
    bytes += name.length + value.length;
    meta ??= [];
    meta.push([name, value]);
  }
  if (bytes > maxMetaBytes) {
    throw new StrataError('invalid-header', `KV-Meta-* names and values together have at most ${maxMetaBytes} bytes.`);
  }
  return meta?.sort(([a], [b]) => (a < b ? -1 : 1)) ?? noMeta;
}

/**
 * Seconds an entry stays, from `KV-TTL`; undefined without one.
 *
 * @throws StrataError `invalid-header`
 */
export function parseTtl(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ttlSeconds = Number(header);
  if (typeof header !== 'string' || !seconds.test(header) || ttlSeconds > ttlHeader.schema.maximum) {
    throw new StrataError('invalid-header', `KV-TTL is a whole number of seconds from 1 to ${maxTtlSeconds}.`);
  }
  return ttlSeconds;
}

/** @throws StrataError `unsupported-encoding` for any Content-Encoding but identity */
export function refuseEncoding(header: string | undefined): void {
  if (header === undefined || header === '' || header.toLowerCase() === 'identity') return;
  throw new StrataError('unsupported-encoding', 'Send the value as it is to be kept, without Content-Encoding.');
}

/** @throws StrataError `invalid-header`: a delete leaves nothing that could expire */
export function refuseTtl(header: string | string[] | undefined): void {
  if (header !== undefined) throw new StrataError('invalid-header', 'KV-TTL goes with PUT, not with DELETE.');
}
