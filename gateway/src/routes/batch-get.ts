import {
  type Key,
  type LeveledAnswer,
  type Meta,
  type OperationIds,
  type ProblemCode,
  parseKey,
  parseReadLevel,
  problemKinds,
  type ReadLevel,
  StrataError,
} from '@stratakv/core';
import type { FastifyInstance } from 'fastify';
import type { OperationLog } from '../operation-log.ts';
import { parseQuery } from '../query.ts';
import type { ReadGatherer } from '../read-gatherer.ts';
import { timestamp } from '../receipt.ts';
import { awaitSyncToken } from '../sync-wait.ts';

export interface BatchRouteDeps {
  readonly reads: ReadGatherer;
  readonly log: OperationLog;
  readonly ids: OperationIds;
}

export const maxBatchKeys = 1000;
export const maxBatchBytes = 8 * 1024 * 1024;
// Read at a time, so that a batch never has much more in memory than it may answer with.
const stride = 32;

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
    const results = await readAll(reads, keys, least.size > 0 ? { ...level, noCache: true } : level);
    reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'private, no-cache');
    return reply.send(`${JSON.stringify({ results })}\n`);
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

async function readAll(reads: ReadGatherer, keys: readonly string[], level: ReadLevel): Promise<object[]> {
  const results: object[] = [];
  let bytes = 0;
  for (let start = 0; start < keys.length; start += stride) {
    const texts = keys.slice(start, start + stride);
    if (bytes >= maxBatchBytes) {
      results.push(...texts.map((key) => failed(key, 'value-too-large', overSize)));
      continue;
    }
    const answers = await Promise.all(texts.map((key) => readOne(reads, key, level)));
    answers.forEach((answer, index) => {
      const key = texts[index] as string;
      const size = answer instanceof StrataError ? 0 : sizeOf(answer);
      bytes += size;
      if (size > 0 && bytes > maxBatchBytes) results.push(failed(key, 'value-too-large', overSize));
      else results.push(resultOf(key, answer));
    });
  }
  return results;
}

const overSize = 'The answer has reached its size; ask for this key in another batch.';

async function readOne(reads: ReadGatherer, text: string, level: ReadLevel): Promise<LeveledAnswer | StrataError> {
  try {
    const key: Key = parseKey(text);
    return await reads.readOne({ key, level });
  } catch (error) {
    if (error instanceof StrataError) return error;
    throw error;
  }
}

function sizeOf(answer: LeveledAnswer): number {
  return answer.kind === 'found' && answer.entry !== undefined ? answer.entry.value.length : 0;
}

function resultOf(key: string, answer: LeveledAnswer | StrataError): object {
  // One status for every bad key of a batch, also a long one: there is no URI that could be too long.
  if (answer instanceof StrataError) {
    return failed(key, answer.code, answer.message, answer.code === 'key-too-long' ? 400 : undefined);
  }
  if (answer.kind === 'problem') return failed(key, answer.code, problemKinds[answer.code].title);
  const { entry } = answer;
  if (entry === undefined) return { key, status: 404 };
  return {
    key,
    status: 200,
    version: entry.version,
    contentType: entry.contentType,
    meta: metaObject(entry.meta),
    expiresAt: entry.expiresAt === undefined ? undefined : timestamp(entry.expiresAt),
    value: Buffer.from(entry.value.buffer, entry.value.byteOffset, entry.value.length).toString('base64'),
  };
}

function failed(key: string, code: ProblemCode, detail: string, status: number = problemKinds[code].status): object {
  return { key, status, type: `urn:stratakv:problem:${code}`, detail };
}

/** Header values are bytes; in JSON they are text, as UTF-8 where they are that. */
function metaObject(meta: Meta): object {
  return Object.fromEntries(meta.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString()]));
}
