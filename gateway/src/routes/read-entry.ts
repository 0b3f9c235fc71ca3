import {
  databaseLevel,
  type Entry,
  formatEtag,
  type Key,
  type LeveledAnswer,
  type LeveledRead,
  type OperationIds,
  parseReadLevel,
  problemKinds,
  type ReadLevel,
  StrataError,
} from '@stratakv/core';
import { traceIdOf } from '@stratakv/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatCacheStatus } from '../cache-status.ts';
import { isUnchanged, refuseReadConditions } from '../headers/conditions.ts';
import type { OperationLog } from '../operation-log.ts';
import type { ReadGatherer } from '../read-gatherer.ts';
import { timestamp } from '../receipt.ts';
import { keyOfRequest } from '../request-path.ts';
import { answerInOnePiece, type FlatHeaders, isSmall } from '../small-answer.ts';
import { awaitSyncToken } from '../sync-wait.ts';

export interface ReadRouteDeps {
  readonly reads: ReadGatherer;
  readonly log: OperationLog;
  readonly ids: OperationIds;
}

/** `GET` and `HEAD /kv/KEY`. */
export function registerEntryReads(app: FastifyInstance, deps: ReadRouteDeps): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const { headers } = request;
    const key = keyOfRequest(request);
    const level = parseReadLevel(headers['cache-control']);
    refuseReadConditions(headers);
    if (headers['sync-token'] !== undefined) return readSynced(deps, key, level, request, reply);
    // Callbacks, not promises: this is the path of most requests.
    deps.reads.read(tracedRead(request, key, level), (error, answer) => {
      if (answer === undefined) reply.send(error);
      else sendAnswer(key, answer, request, reply);
    });
    return reply;
  };
  // HEAD here, because Fastify's own says Content-Length: 0 with 304.
  app.route({ method: ['GET', 'HEAD'], url: '/kv/*', exposeHeadRoute: false, handler });
}

function tracedRead({ raw }: FastifyRequest, key: Key, level: ReadLevel): LeveledRead {
  const traceId = traceIdOf(raw);
  return traceId === undefined ? { key, level } : { key, level, traceId };
}

/** Waits for the writes of the Sync-Token, then reads; past the cache when that shows less than they left. */
async function readSynced(
  deps: ReadRouteDeps,
  key: Key,
  level: ReadLevel,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { reads } = deps;
  const least = await awaitSyncToken(deps, request, reply);
  const answer = await reads.readOne(tracedRead(request, key, level));
  const leastVersion = least.get(key);
  const showsIt =
    leastVersion === undefined || (answer.kind === 'found' && (answer.entry?.version ?? 0) >= leastVersion);
  // One from the database shows every write that has its outcome, whatever it shows.
  const isFromDatabase = answer.kind === 'found' && answer.cacheStatus.forwarded !== undefined;
  const isUncached = answer.kind === 'problem' && answer.code === 'not-cached';
  if (showsIt || isFromDatabase || isUncached) return sendAnswer(key, answer, request, reply);
  if (level.onlyIfCached) return sendAnswer(key, { kind: 'problem', code: 'not-cached' }, request, reply);
  return sendAnswer(key, await reads.readOne(tracedRead(request, key, databaseLevel)), request, reply);
}

function sendAnswer(key: Key, answer: LeveledAnswer, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (answer.kind === 'problem') {
    return reply.send(new StrataError(answer.code, problemKinds[answer.code].title, { extensions: { key } }));
  }
  const { entry } = answer;
  const headers = provenance(answer, reply);
  if (entry === undefined) {
    const error = new StrataError('not-found', 'There is no entry under this key.', { extensions: { key } });
    return withHeaders(reply, headers).send(error);
  }
  addValidators(headers, entry);
  if (isUnchanged(request.headers, entry)) return withHeaders(reply, headers).code(304).send();
  addRepresentation(headers, entry);
  if (request.method === 'HEAD') return withHeaders(reply, headers).send();
  if (!isSmall(entry.value.length)) return withHeaders(reply, headers).send(entry.value);
  answerInOnePiece(reply, headers, latin1(entry.value));
  return reply;
}

function withHeaders(reply: FastifyReply, headers: FlatHeaders): FastifyReply {
  for (let index = 0; index < headers.length; index += 2) reply.header(`${headers[index]}`, headers[index + 1]);
  return reply;
}

/** Where the answer comes from, and how old it is. */
function provenance(
  { ageMs, cacheStatus }: Extract<LeveledAnswer, { kind: 'found' }>,
  reply: FastifyReply,
): FlatHeaders {
  return [
    'age',
    Math.floor(ageMs / 1000),
    'cache-status',
    formatCacheStatus(cacheStatus),
    'server-timing',
    `storage;dur=${reply.elapsedTime.toFixed(2)}`,
  ];
}

function addValidators(headers: FlatHeaders, entry: Entry): void {
  headers.push('etag', formatEtag(entry.version), 'last-modified', new Date(entry.modifiedAt).toUTCString());
  // Without it a browser or proxy may keep an entry for as long as it guesses (RFC 9111 §4.2.2).
  headers.push('cache-control', 'private, no-cache');
  if (entry.expiresAt !== undefined) headers.push('kv-expires', timestamp(entry.expiresAt));
}

function addRepresentation(headers: FlatHeaders, entry: Entry): void {
  headers.push('content-type', entry.contentType, 'content-length', entry.value.length, 'accept-ranges', 'none');
  // A stored page must not run scripts with the rights of this origin.
  headers.push('x-content-type-options', 'nosniff', 'content-security-policy', 'sandbox');
  for (const [name, value] of entry.meta) headers.push(`kv-meta-${name}`, value);
}

function latin1(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}
