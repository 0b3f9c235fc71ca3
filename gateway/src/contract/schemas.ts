import { problemKinds } from '@stratakv/core';
import { batchGetBody } from '../routes/batch-get.ts';

/* JSON Schemas (2020-12) of every document the gateway takes and gives. */

const text = { type: 'string' } as const;
const time = { type: 'string', format: 'date-time' } as const;
const version = { type: 'integer', minimum: 1, description: 'Grows with each change of the key, also over deletes.' };
const count = { type: 'integer', minimum: 0 } as const;

function object(properties: Record<string, object>, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

const problem = object(
  {
    type: { enum: Object.keys(problemKinds).map((code) => `urn:stratakv:problem:${code}`) },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    instance: { type: 'string', description: 'The X-Request-Id, or the operation a receipt is about.' },
    key: text,
    currentVersion: version,
    operation: { type: 'string', description: 'Path of the operation the problem is about.' },
    retryable: { type: 'boolean' },
  },
  ['type', 'title', 'status', 'detail', 'instance', 'retryable'],
);

const receipt = object(
  {
    id: { type: 'string', pattern: '^[A-Za-z0-9_-]{32}$' },
    status: { enum: ['queued', 'applied', 'rejected', 'failed'] },
    action: { enum: ['put', 'delete'] },
    key: text,
    version,
    created: { type: 'boolean', description: 'Whether there was no entry before.' },
    acceptedAt: time,
    settledAt: time,
    expiresAt: time,
    problem: reference('Problem'),
    links: object({ self: text, entry: text }, ['self']),
  },
  ['id', 'status', 'acceptedAt', 'links'],
);

const summary = object({ key: text, version, size: count, contentType: text, modifiedAt: time, expiresAt: time }, [
  'key',
  'version',
  'size',
  'contentType',
  'modifiedAt',
]);

const list = object(
  {
    prefix: text,
    entries: { type: 'array', items: summary },
    prefixes: { type: 'array', items: text },
    next: { type: 'string', description: 'Path of the next page; absent on the last.' },
  },
  ['prefix', 'entries', 'prefixes'],
);

const batchResult = object(
  {
    key: text,
    status: { enum: [200, 400, 404, 413, 500, 503, 504] },
    version,
    contentType: text,
    meta: { type: 'object', additionalProperties: text },
    expiresAt: time,
    value: { type: 'string', contentEncoding: 'base64' },
    type: text,
    detail: text,
  },
  ['key', 'status'],
);

const check = object({ status: { enum: ['ok', 'failed'] }, kind: { enum: ['required', 'degrading'] }, detail: text }, [
  'status',
  'kind',
]);

export const schemas: Readonly<Record<string, object>> = {
  Problem: problem,
  Receipt: receipt,
  List: list,
  BatchGet: batchGetBody,
  BatchResults: object({ results: { type: 'array', items: batchResult } }, ['results']),
  Alive: object({ status: { const: 'alive' } }, ['status']),
  Readiness: object(
    { status: { enum: ['ready', 'degraded', 'not-ready'] }, checks: { type: 'object', additionalProperties: check } },
    ['status', 'checks'],
  ),
};

/** A response body of one of the schemas. */
export function jsonContent(name: string, mediaType = 'application/json'): object {
  return { [mediaType]: { schema: reference(name) } };
}
