import type { EntrySummary, OperationIds, ScanPage, Storage } from '@stratakv/core';
import type { FastifyInstance } from 'fastify';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { jsonAnswer } from '../json-answer.ts';
import type { OperationLog } from '../operation-log.ts';
import { parseQuery } from '../query.ts';
import { timestamp } from '../receipt.ts';
import { awaitSyncToken } from '../sync-wait.ts';

export interface ListRouteDeps {
  readonly storage: Pick<Storage, 'scan'>;
  readonly log: OperationLog;
  readonly ids: OperationIds;
  /** Signs cursors. */
  readonly secret: Uint8Array;
}

const maxPageBytes = 1024 * 1024;
// The links of a page, percent-encoded at worst.
const reservedBytes = 16 * 1024;

export const listParameters = {
  prefix: {
    schema: { type: 'string', maxLength: 512, default: '' },
    description: 'Only keys that start with this.',
  },
  delimiter: {
    schema: { type: 'string', minLength: 1, maxLength: 64 },
    description: 'Folds keys that go on past it, after the prefix, into one of `prefixes`.',
  },
  limit: {
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    description: 'Entries and folded prefixes in a page, at the most.',
  },
  cursor: {
    schema: { type: 'string', minLength: 1, maxLength: 4096 },
    description: 'Where the page starts: from the `next` of the page before.',
  },
} as const;

/** `GET` and `HEAD /kv`. */
export function registerEntryList(app: FastifyInstance, { storage, log, ids, secret }: ListRouteDeps): void {
  app.get('/kv', async (request, reply) => {
    const { prefix = '', delimiter, limit = 100, cursor } = parseQuery(request.originalUrl, listParameters);
    const scope = { prefix, delimiter };
    const after = cursor === undefined ? undefined : decodeCursor(secret, scope, cursor);
    await awaitSyncToken({ log, ids }, request, reply);
    const page = await storage.scan({ ...scope, after, limit, maxBytes: maxPageBytes - reservedBytes });
    const next = page.next && nextLink({ ...scope, limit }, encodeCursor(secret, scope, page.next));
    if (next !== undefined) reply.header('link', `<${next}>; rel="next"`);
    return jsonAnswer(reply, 'private, no-cache').send(renderPage(prefix, page, next));
  });
}

function nextLink(
  { prefix, delimiter, limit }: { prefix: string; delimiter: string | undefined; limit: number },
  cursor: string,
): string {
  const parts = [`prefix=${encodeURIComponent(prefix)}`];
  if (delimiter !== undefined) parts.push(`delimiter=${encodeURIComponent(delimiter)}`);
  if (limit !== listParameters.limit.schema.default) parts.push(`limit=${limit}`);
  return `/kv?${parts.join('&')}&cursor=${cursor}`;
}

function renderPage(prefix: string, { entries, prefixes }: ScanPage, next: string | undefined): string {
  return `${JSON.stringify({ prefix, entries: entries.map(renderSummary), prefixes, next })}\n`;
}

function renderSummary({ key, version, size, contentType, modifiedAt, expiresAt }: EntrySummary): object {
  const expires = expiresAt === undefined ? undefined : timestamp(expiresAt);
  return { key, version, size, contentType, modifiedAt: timestamp(modifiedAt), expiresAt: expires };
}
