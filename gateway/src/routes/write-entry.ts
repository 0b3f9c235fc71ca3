import {
  formatEtag,
  idempotencyFingerprint,
  idempotencyIdentity,
  type Key,
  keyPath,
  type OperationRecord,
} from '@stratakv/core';
import { traceIdOf } from '@stratakv/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission } from '../admission.ts';
import { parseWriteCondition } from '../headers/conditions.ts';
import { parseIdempotencyKey } from '../headers/idempotency-key.ts';
import { parseContentType, parseMeta, parseTtl, refuseEncoding, refuseTtl } from '../headers/metadata.ts';
import { parseWait } from '../headers/prefer.ts';
import { jsonAnswer } from '../json-answer.ts';
import { operationPath, outcomeError, queuedReceipt, timestamp } from '../receipt.ts';
import { declaredLength, readBody } from '../request-body.ts';
import { keyOfRequest } from '../request-path.ts';
import { type RequestedWrite, type SubmitDeps, type SubmittedWrite, submitWrite } from '../submit-write.ts';

export interface WriteRouteDeps extends SubmitDeps {
  readonly admission: Admission;
  readonly maxValueBytes: number;
  /** Keys idempotency identities. */
  readonly secret: Uint8Array;
}

type Unidentified<Write> = Write extends RequestedWrite ? Omit<Write, 'idempotency'> : never;

/** `PUT` and `DELETE /kv/KEY`. */
export function registerEntryWrites(app: FastifyInstance, deps: WriteRouteDeps): void {
  // Values are opaque: whatever the Content-Type says, the handler reads the bytes, and only after all else is in order.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.put('/kv/*', (request, reply) => putEntry(deps, request, reply));
  app.delete('/kv/*', (request, reply) => deleteEntry(deps, request, reply));
}

async function putEntry(deps: WriteRouteDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { headers } = request;
  const key = keyOfRequest(request);
  refuseEncoding(headers['content-encoding']);
  const condition = parseWriteCondition(headers);
  const ttlSeconds = parseTtl(headers['kv-ttl']);
  const contentType = parseContentType(headers['content-type']);
  const meta = parseMeta(headers);
  const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
  const endWrite = deps.admission.admitWrite(declaredLength(request.raw, deps.maxValueBytes) ?? deps.maxValueBytes);
  try {
    const value = await readBody(request.raw, reply.raw, deps.maxValueBytes);
    const write = {
      action: 'put',
      key,
      value,
      contentType,
      meta,
      condition,
      ttlSeconds,
      traceId: traceOf(request),
    } as const;
    return await submit(deps, identify(deps, write, idempotencyKey), request, reply, endWrite);
  } finally {
    endWrite();
  }
}

async function deleteEntry(deps: WriteRouteDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { headers } = request;
  const key = keyOfRequest(request);
  const condition = parseWriteCondition(headers);
  refuseTtl(headers['kv-ttl']);
  const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
  const endWrite = deps.admission.admitWrite(0);
  try {
    const write = { action: 'delete', key, condition, traceId: traceOf(request) } as const;
    return await submit(deps, identify(deps, write, idempotencyKey), request, reply, endWrite);
  } finally {
    endWrite();
  }
}

/** What names the write in every log line: the caller's trace, else this request. */
function traceOf({ raw, id }: FastifyRequest): string {
  return traceIdOf(raw) ?? id;
}

const nothing = new Uint8Array(0);

function identify(
  { secret }: WriteRouteDeps,
  write: Unidentified<RequestedWrite>,
  idempotencyKey: string | undefined,
): RequestedWrite {
  if (idempotencyKey === undefined) return { ...write, idempotency: undefined };
  const plain = { value: nothing, contentType: '', meta: [], ttlSeconds: undefined };
  const identity = idempotencyIdentity(secret, '', write.key, idempotencyKey);
  return { ...write, idempotency: { identity, fingerprint: idempotencyFingerprint({ ...plain, ...write }) } };
}

async function submit(
  deps: WriteRouteDeps,
  write: RequestedWrite,
  request: FastifyRequest,
  reply: FastifyReply,
  endWrite: () => void,
): Promise<FastifyReply> {
  const waitSeconds = parseWait(request.headers.prefer);
  const submitted = await submitWrite(deps, write, (waitSeconds ?? 0) * 1000, endWrite);
  return answer(reply, write, submitted, waitSeconds);
}

function answer(
  reply: FastifyReply,
  { action, key }: { readonly action: 'put' | 'delete'; readonly key: Key },
  { id, record, queuedMs }: SubmittedWrite,
  waitSeconds: number | undefined,
): FastifyReply {
  const path = operationPath(id);
  reply.header('sync-token', id).header('server-timing', `queue;dur=${queuedMs}`);
  if (record !== undefined) {
    reply.header('preference-applied', `wait=${waitSeconds}`).header('link', `<${path}>; rel="monitor"`);
    return answerOutcome(reply, key, record);
  }
  return jsonAnswer(reply.code(202).header('location', path), 'no-store').send(queuedReceipt(id, action, key));
}

function answerOutcome(reply: FastifyReply, key: Key, record: OperationRecord): FastifyReply {
  const error = outcomeError(record);
  if (error !== undefined) throw error;
  const { outcome, action } = record;
  if (outcome.status === 'applied' && action === 'put' && outcome.version !== undefined) {
    reply.header('etag', formatEtag(outcome.version));
    if (outcome.expiresAt !== undefined) reply.header('kv-expires', timestamp(outcome.expiresAt));
    if (outcome.isCreated) return reply.code(201).header('location', keyPath(key)).send();
  }
  return reply.code(204).send();
}
