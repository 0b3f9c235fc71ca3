import {
  batchGet,
  type DescribedOperation,
  deleteEntry,
  getEntry,
  getOperation,
  listEntries,
  putEntry,
} from './operations.ts';
import { answer, problems } from './responses.ts';
import { jsonContent, schemas } from './schemas.ts';

type Method = 'get' | 'put' | 'post' | 'delete';

function plain(operationId: string, summary: string, content: object, unavailable?: object): DescribedOperation {
  const responses = { ...problems([]), 200: answer(summary, [], content) };
  return {
    operationId,
    summary,
    parameters: [],
    responses: unavailable === undefined ? responses : { ...responses, 503: unavailable },
  };
}

const notReady = answer('It cannot read and write now.', ['Retry-After'], jsonContent('Readiness'));
const prometheusText = { 'text/plain': { schema: { type: 'string' } } };

const paths: Readonly<Record<string, Partial<Record<Method, DescribedOperation>>>> = {
  '/kv/{key}': { get: getEntry, put: putEntry, delete: deleteEntry },
  '/kv': { get: listEntries },
  '/kv:batchGet': { post: batchGet },
  '/operations/{id}': { get: getOperation },
  '/healthz': { get: plain('getHealth', 'The process is alive', jsonContent('Alive')) },
  '/readyz': {
    get: plain('getReadiness', 'It can read and write; each dependency named', jsonContent('Readiness'), notReady),
  },
  '/metrics': { get: plain('getMetrics', 'Metrics in the Prometheus text format', prometheusText) },
  '/openapi.json': {
    get: plain('getContract', 'This document', { 'application/json': { schema: { type: 'object' } } }),
  },
};

/** The methods of each path of the document; HEAD goes with GET, OPTIONS with all. */
export function methodsOf(path: string): string[] {
  const methods = Object.keys(paths[path] ?? {}).map((method) => method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort();
}

export const describedPaths = Object.keys(paths);

/** The OpenAPI 3.1 document of the public API. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'StrataKV',
      version: '0.1.0',
      description: 'A key-value store over plain HTTP that says what each answer promises.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: Object.fromEntries(describedPaths.map((path) => [path, withHeadAndOptions(path)])),
    components: { schemas },
  };
}

function withHeadAndOptions(path: string): object {
  const methods: Record<string, object> = { ...paths[path] };
  const { get } = paths[path] ?? {};
  if (get !== undefined) {
    methods.head = { ...get, operationId: `${get.operationId}Head`, summary: `${get.summary}: the headers alone` };
  }
  const anyOf = Object.values(paths[path] ?? {})[0];
  methods.options = {
    operationId: `${anyOf?.operationId}Options`,
    summary: 'The methods of this path',
    parameters: (anyOf?.parameters ?? []).filter((parameter) => 'in' in parameter && parameter.in === 'path'),
    responses: { ...problems([]), 204: answer('See Allow.', ['Allow']) },
  };
  return methods;
}
