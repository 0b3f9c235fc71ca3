import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../framework/answer.ts';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const key = store.key('entry');
await store.write(key, 'value');
const operation = (await store.put(key, 'value')).header('location') ?? '';

const readOnly = ['GET', 'HEAD', 'OPTIONS'];
/** Every route with the methods it takes. OPTIONS is one of them, as it is answered everywhere. */
const routes: readonly (readonly [path: string, allowed: readonly string[]])[] = [
  [`/kv/${key}`, ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT']],
  ['/kv', readOnly],
  ['/kv:batchGet', ['OPTIONS', 'POST']],
  [operation, readOnly],
  ['/healthz', readOnly],
  ['/readyz', readOnly],
  ['/openapi.json', readOnly],
];
const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'LOCK'];

function allowOf(answer: Answer): string[] {
  return (answer.header('allow') ?? '').split(/ *, */).toSorted();
}

describe('each route', () => {
  for (const [path, allowed] of routes) {
    const shown = path.replace(store.space, '').replace(/\/operations\/.*/, '/operations/ID');
    test(`${shown} answers OPTIONS with 204 and its methods`, async () => {
      const answer = await store.request('OPTIONS', path);
      equal(answer.status, 204);
      deepEqual(allowOf(answer), allowed);
    });

    for (const method of methods.filter((name) => !allowed.includes(name))) {
      test(`${shown} refuses ${method} with 405 and its methods`, async () => {
        const answer = await store.request(method, path);
        assertProblem(answer, 'method-not-allowed', 405);
        deepEqual(allowOf(answer), allowed);
      });
    }

    if (allowed.includes('GET')) {
      test(`${shown} answers HEAD as GET, without the body`, async () => {
        const get = await store.request('GET', path);
        const head = await store.request('HEAD', path);
        equal(head.status, get.status);
        equal(head.header('content-type'), get.header('content-type'));
        equal(head.body.length, 0);
      });
    }
  }

  test('has refused everything without touching the entry', async () => {
    equal((await store.getLatest(key)).text, 'value');
  });
});

describe('a method is case-sensitive (RFC 9110 §9.1)', () => {
  test('the entry is not deleted by a POST that asks for it', async () => {
    const headers = { 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE' };
    assertProblem(await store.request('POST', `/kv/${key}`, { headers }), 'method-not-allowed', 405);
    equal((await store.getLatest(key)).status, 200);
  });
});

describe('a path that is none of ours is 404 not-found', () => {
  const paths = [
    '/',
    '/nothing',
    '/KV',
    '/kvx',
    '/KV/a',
    '/kv:unknown',
    '/kv:batchget',
    '/kv:batchGet/',
    '/operations',
    '/healthz/',
    '/readyz/x',
    '/openapi.json/',
    '/openapi',
    '//kv',
    '/docs',
    '/favicon.ico',
  ];
  for (const path of paths) {
    test(path, async () => {
      assertProblem(await store.request('GET', path), 'not-found', 404);
      assertProblem(await store.request('PUT', path, { body: 'x' }), 'not-found', 404);
      equal((await store.request('HEAD', path)).status, 404);
    });
  }
});
