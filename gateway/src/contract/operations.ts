import { readConditionHeaders, writeConditionHeaders } from '../headers/conditions.ts';
import { idempotencyKeyHeader } from '../headers/idempotency-key.ts';
import { contentTypeHeader, metaHeader, ttlHeader } from '../headers/metadata.ts';
import { preferHeader } from '../headers/prefer.ts';
import { syncTokenHeader } from '../headers/sync-token.ts';
import { listParameters } from '../routes/list-entries.ts';
import { answer, type HeaderName, problems, type Responses } from './responses.ts';
import { jsonContent } from './schemas.ts';

/** One method of one path, as OpenAPI 3.1 has it. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly object[];
  readonly requestBody?: object;
  readonly responses: Responses;
}

interface Header {
  readonly name: string;
  readonly schema: object;
  readonly description: string;
}

const cacheControlHeader: Header = {
  name: 'Cache-Control',
  schema: { type: 'string' },
  description: 'no-cache, max-age=N, only-if-cached and stale-if-error=N choose how fresh the answer must be.',
};

const header = ({ name, schema, description }: Header) => ({ in: 'header', name, schema, description });
const pathParameter = (name: string, description: string) => ({
  in: 'path',
  name,
  required: true,
  schema: { type: 'string' },
  description,
});
const key = pathParameter(
  'key',
  '1 to 512 bytes of UTF-8; what follows /kv/, percent-decoded once. Slashes may stand as they are.',
);
const bytes = { '*/*': { schema: { type: 'string', format: 'binary' } } };
const readHeaders = [cacheControlHeader, syncTokenHeader, preferHeader].map(header);
const entryHeaders: HeaderName[] = [
  'ETag',
  'Last-Modified',
  'Age',
  'Cache-Status',
  'KV-Expires',
  'KV-Meta-{name}',
  'Preference-Applied',
];
const waitedHeaders: HeaderName[] = ['Sync-Token', 'Preference-Applied', 'Link'];

const writeProblems = [
  'invalid-key',
  'invalid-query',
  'key-too-long',
  'invalid-header',
  'unsupported-condition',
  'version-mismatch',
  'idempotency-conflict',
  'outcome-unknown',
  'not-accepted',
  'overloaded',
  'unavailable',
  'storage-full',
] as const;
const readProblems = ['unavailable', 'overloaded', 'not-yet-visible', 'invalid-header', 'invalid-sync-token'] as const;

const queued = answer(
  'Queued, on disk. The operation tells its outcome.',
  ['Location', 'Sync-Token'],
  jsonContent('Receipt'),
);

export const putEntry: DescribedOperation = {
  operationId: 'putEntry',
  summary: 'Queue a write of the body',
  parameters: [
    key,
    ...[...writeConditionHeaders, ttlHeader, contentTypeHeader, metaHeader, idempotencyKeyHeader, preferHeader].map(
      header,
    ),
  ],
  requestBody: { required: true, content: bytes },
  responses: {
    ...problems([...writeProblems, 'length-required', 'value-too-large', 'unsupported-encoding']),
    201: answer('Applied; there was no entry before.', ['Location', 'ETag', 'KV-Expires', ...waitedHeaders]),
    202: queued,
    204: answer('Applied; an entry was replaced.', ['ETag', 'KV-Expires', ...waitedHeaders]),
  },
};

export const deleteEntry: DescribedOperation = {
  operationId: 'deleteEntry',
  summary: 'Queue a delete',
  parameters: [key, ...[...writeConditionHeaders, idempotencyKeyHeader, preferHeader].map(header)],
  responses: { ...problems(writeProblems), 202: queued, 204: answer('Applied; there is no entry now.', waitedHeaders) },
};

const getResponses: Responses = {
  ...problems([
    ...readProblems,
    'invalid-key',
    'invalid-query',
    'key-too-long',
    'unsupported-condition',
    'not-found',
    'not-cached',
  ]),
  200: answer('The value, byte for byte.', entryHeaders, bytes),
  304: answer('Unchanged.', entryHeaders),
};

export const getEntry: DescribedOperation = {
  operationId: 'getEntry',
  summary: 'Read an entry',
  parameters: [key, ...readHeaders, ...readConditionHeaders.map(header)],
  responses: getResponses,
};

export const listEntries: DescribedOperation = {
  operationId: 'listEntries',
  summary: 'List keys in byte order, a page at a time',
  parameters: [
    ...Object.entries(listParameters).map(([name, { schema, description }]) => ({
      in: 'query',
      name,
      schema,
      description,
    })),
    ...[syncTokenHeader, preferHeader].map(header),
  ],
  responses: {
    ...problems([...readProblems, 'invalid-query', 'invalid-cursor']),
    200: answer('One page: a snapshot of the database.', ['Link', 'Preference-Applied'], jsonContent('List')),
  },
};

export const batchGet: DescribedOperation = {
  operationId: 'batchGet',
  summary: 'Read up to 1,000 keys, 8 MiB of values',
  parameters: readHeaders,
  requestBody: { required: true, content: jsonContent('BatchGet') },
  responses: {
    ...problems([...readProblems, 'invalid-query', 'value-too-large']),
    200: answer('One result a key, in the order asked.', ['Preference-Applied'], jsonContent('BatchResults')),
  },
};

export const getOperation: DescribedOperation = {
  operationId: 'getOperation',
  summary: 'What became of a write',
  parameters: [pathParameter('id', 'The id of a receipt.'), header(preferHeader)],
  responses: {
    ...problems(['operation-unknown', 'operation-gone', 'invalid-query', 'key-too-long', 'unavailable']),
    200: answer('The receipt.', ['Preference-Applied', 'Retry-After'], jsonContent('Receipt')),
  },
};
