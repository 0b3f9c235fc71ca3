import { Readable } from 'node:stream';
import { type OperationIds, parseReadLevel, StrataError } from '@stratakv/core';
import type { FastifyInstance } from 'fastify';
import { readResults, renderResults } from '../batch-results.ts';
import { jsonAnswer } from '../json-answer.ts';
import type { OperationLog } from '../operation-log.ts';
import { parseQuery } from '../query.ts';
import type { ReadGatherer } from '../read-gatherer.ts';
import { awaitSyncToken } from '../sync-wait.ts';

export interface BatchRouteDeps {
  readonly reads: ReadGatherer;
  readonly log: OperationLog;
  readonly ids: OperationIds;
}

export const maxBatchKeys = 1000;

/** What `POST /kv:batchGet` takes. */
export const batchGetBody = {
  type: 'object',
  required: ['keys'],
  additionalProperties: false,
  properties: {
    keys: { type: 'array', maxItems: maxBatchKeys, items: { type: 'string' } },
  },
} as const;

/** `POST /kv:batchGet`. */
export function registerBatchGet(app: FastifyInstance, { reads, log, ids }: BatchRouteDeps): void {
  const options = { schema: { body: batchGetBody }, bodyLimit: 4 * 1024 * 1024 };
  readJsonStrictly(app);
  app.post<{ Body: { keys: string[] } }>('/kv::batchGet', options, async (request, reply) => {
    parseQuery(request.originalUrl, {});
    const { keys } = request.body;
    const level = parseReadLevel(request.headers['cache-control']);
    const least = await awaitSyncToken({ log, ids }, request, reply);
    // One level for all: a key with a write to be seen is as good from the database as the others.
    const synced = { ...level, noCache: true, staleIfErrorSeconds: undefined };
    const results = renderResults(readResults(reads, keys, least.size > 0 ? synced : level));
    return jsonAnswer(reply, 'private, no-cache').send(Readable.from(results, { objectMode: false }));
  });
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Fastify reads JSON leniently: bytes that are not UTF-8 become another character, and so another key. */
function readJsonStrictly(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      parseJson(request, strictUtf8.decode(body), done);
    } catch (cause) {
      done(new StrataError('invalid-query', 'The body is not valid UTF-8.', { cause }));
    }
  });
}
