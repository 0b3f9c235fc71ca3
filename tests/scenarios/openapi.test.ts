import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiDescription, asObject, describedMethods, type JsonObject } from '../framework/api-description.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const answer = await store.request('GET', '/openapi.json');
const api = new ApiDescription(answer.json() as JsonObject);

interface DescribedOperation {
  readonly name: string;
  readonly template: string;
  readonly item: JsonObject;
  readonly operation: JsonObject;
}

const operations: readonly DescribedOperation[] = Object.entries(asObject(api.document.paths)).flatMap(
  ([template, path]) => {
    const item = api.resolve(path);
    return describedMethods
      .filter((method) => item[method] !== undefined)
      .map((method) => ({ name: `${method} ${template}`, template, item, operation: api.resolve(item[method]) }));
  },
);

function responsesOf({ operation }: DescribedOperation): [status: string, response: JsonObject][] {
  return Object.entries(asObject(operation.responses)).map(([status, value]) => [status, api.resolve(value)]);
}

test('the document is OpenAPI 3.1 with a title and a version', () => {
  equal(answer.status, 200);
  equal(answer.mediaType, 'application/json');
  match(String(api.document.openapi), /^3\.1\.\d+$/);
  const info = asObject(api.document.info);
  match(String(info.title), /\S/);
  match(String(info.version), /\S/);
});

describe('every route is described', () => {
  for (const name of [
    'put /kv/{key}',
    'delete /kv/{key}',
    'get /kv/{key}',
    'get /kv',
    'post /kv:batchGet',
    'get /operations/{id}',
    'get /healthz',
    'get /readyz',
    'get /openapi.json',
  ]) {
    test(name, () => {
      ok(operations.some((operation) => operation.name === name));
    });
  }
});

describe('every described operation', () => {
  test('has a name of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    for (const id of ids) match(String(id), /^\w+$/);
    equal(new Set(ids).size, ids.length);
  });

  test('has responses with a description', () => {
    for (const operation of operations) {
      const responses = responsesOf(operation);
      ok(responses.length > 0, operation.name);
      for (const [status, response] of responses) {
        match(status, /^[1-5]\d\d$/, `${operation.name}: the statuses are listed one by one`);
        match(String(response.description), /\S/, `${operation.name} ${status}`);
      }
    }
  });

  test('answers errors as problem+json and nothing else', () => {
    for (const operation of operations.filter(({ name }) => !name.startsWith('head'))) {
      for (const [status, response] of responsesOf(operation).filter(([code]) => code >= '400')) {
        // A store that is not ready still names its dependencies.
        if (operation.template === '/readyz' && status === '503') continue;
        deepEqual(Object.keys(asObject(response.content)), ['application/problem+json'], `${operation.name} ${status}`);
      }
    }
  });

  test('declares the parameters of its path', () => {
    for (const { name, template, item, operation } of operations) {
      const declared = [item.parameters, operation.parameters]
        .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
        .map((parameter) => api.resolve(parameter))
        .filter((parameter) => parameter.in === 'path');
      deepEqual(
        declared.map((parameter) => parameter.name).toSorted(),
        [...template.matchAll(/\{([^}]+)\}/g)].map((found) => found[1]).toSorted(),
        name,
      );
      for (const parameter of declared) equal(parameter.required, true, name);
    }
  });
});

describe('the statuses of a row of the contract are all there', () => {
  const rows: readonly (readonly [name: string, statuses: readonly number[]])[] = [
    ['put /kv/{key}', [201, 202, 204, 400, 411, 412, 413, 414, 415, 422, 503, 507]],
    ['delete /kv/{key}', [202, 204, 400, 412, 414, 422, 503, 507]],
    ['get /kv/{key}', [200, 304, 400, 404, 414, 503, 504]],
    ['get /kv', [200, 400, 503]],
    ['post /kv:batchGet', [200, 400, 413, 503]],
    ['get /operations/{id}', [200, 404, 410, 503]],
    ['get /readyz', [200, 503]],
  ];
  for (const [name, statuses] of rows) {
    test(name, () => {
      const operation = operations.find((candidate) => candidate.name === name);
      ok(operation);
      const listed = new Set(responsesOf(operation).map(([status]) => Number(status)));
      deepEqual(
        statuses.filter((status) => !listed.has(status)),
        [],
      );
    });
  }
});

test('every reference leads somewhere', () => {
  const follow = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { $ref } = value as { $ref?: unknown };
    if (typeof $ref === 'string') api.resolve(value);
    for (const member of Object.values(value)) follow(member);
  };
  follow(api.document);
});
