import { deepEqual, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RequestOptions } from '../framework/http.ts';
import { assertProblem, promisedProblems } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const present = store.key('present');
await store.write(present, 'value', { 'Idempotency-Key': 'used' });

type Case = readonly [type: string, status: number, method: string, path: string, options?: RequestOptions];

/** One request for each problem that can be had from a store in good health. */
const cases: readonly Case[] = [
  ['invalid-key', 400, 'GET', '/kv/a//b'],
  ['key-too-long', 414, 'GET', `/kv/${'a'.repeat(513)}`],
  ['value-too-large', 413, 'PUT', `/kv/${present}`, { body: Buffer.alloc(1024 * 1024 + 1) }],
  ['invalid-header', 400, 'PUT', `/kv/${present}`, { body: 'x', headers: { 'KV-TTL': '0' } }],
  ['unsupported-condition', 400, 'PUT', `/kv/${present}`, { body: 'x', headers: { 'If-Match': 'W/"1"' } }],
  ['unsupported-encoding', 415, 'PUT', `/kv/${present}`, { body: 'x', headers: { 'Content-Encoding': 'gzip' } }],
  ['invalid-query', 400, 'GET', '/kv?limit=0'],
  ['invalid-cursor', 400, 'GET', '/kv?cursor=nonsense'],
  ['invalid-sync-token', 400, 'GET', `/kv/${present}`, { headers: { 'Sync-Token': 'nonsense' } }],
  ['not-found', 404, 'GET', `/kv/${store.key('absent')}`],
  ['version-mismatch', 412, 'PUT', `/kv/${present}`, { body: 'x', headers: { 'If-Match': '"1"', Prefer: 'wait=10' } }],
  ['idempotency-conflict', 422, 'PUT', `/kv/${present}`, { body: 'x', headers: { 'Idempotency-Key': 'used' } }],
  ['not-cached', 504, 'GET', `/kv/${store.key('unread')}`, { headers: { 'Cache-Control': 'only-if-cached' } }],
  ['operation-unknown', 404, 'GET', '/operations/nonsense'],
  ['method-not-allowed', 405, 'POST', `/kv/${present}`, { body: 'x' }],
];

/** What a store in good health does not answer, and where each is tested. */
const elsewhere = new Set([
  'length-required', // value-limits.test.ts: a client of Node always says how long a body is
  'operation-gone', // operation-retention.test.ts
  'not-yet-visible', // these need a broken or slow part: faults/
  'not-accepted',
  'outcome-unknown',
  'overloaded',
  'rate-limited',
  'unavailable',
  'storage-full',
  'internal',
]);

describe('each problem', () => {
  for (const [type, status, method, path, options] of cases) {
    test(`${type} is ${status}, to be read by a program and by a person`, async () => {
      const answer = await store.request(method, path, options);
      const problem = assertProblem(answer, type, status);
      match(problem.detail ?? '', /\S/, 'the detail says what is wrong with this request');
      equal(problem.instance, answer.header('x-request-id'));
    });
  }

  test('that was promised is in a table of this suite', () => {
    const covered = [...cases.map(([type]) => type), ...elsewhere];
    deepEqual(covered.toSorted(), Object.keys(promisedProblems).toSorted());
  });
});

describe('a problem', () => {
  test('about an entry names its key', async () => {
    const key = store.key('absent é');
    equal(assertProblem(await store.get(key), 'not-found', 404).key, key);
  });

  test('about a settled write names its operation', async () => {
    const headers = { 'If-None-Match': '*' };
    const { operation } = assertProblem(await store.put(present, 'x', { wait: 10, headers }), 'version-mismatch', 412);
    equal((await store.request('GET', operation ?? '')).status, 200);
  });

  test('never repeats the value', async () => {
    const secret = 'correct horse battery staple';
    const headers = { 'If-None-Match': '*', 'KV-Meta-Note': secret };
    const answer = await store.put(present, secret, { wait: 10, headers });
    equal(answer.text.includes(secret), false);
    const operation = await store.settled(await store.put(present, secret, { headers }));
    equal(JSON.stringify(operation).includes(secret), false);
  });

  test('leaves no stack trace or path of a file', async () => {
    for (const [, , method, path, options] of cases) {
      const { text } = await store.request(method, path, options);
      equal(/node_modules|\.ts\b|\.js\b|\bat \w+ \(/.test(text), false, text);
    }
  });
});
