import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import type { InjectOptions } from 'fastify';
import { createHttpServer, createLogger, problemAnswer } from '../src/index.ts';

function collectingLogger() {
  const lines: string[] = [];
  return { lines, logger: createLogger({ service: 'test', destination: { write: (line) => void lines.push(line) } }) };
}

function buildApp() {
  const { lines, logger } = collectingLogger();
  const app = createHttpServer({ logger, bodyLimitBytes: 1024 });
  app.get('/kv/*', () => {
    throw new StrataError('version-mismatch', 'expected 1', { extensions: { key: 'a', currentVersion: 2 } });
  });
  app.put('/kv/*', (_request, reply) => reply.send('stored'));
  app.post('/kv::batchGet', (_request, reply) => reply.send('batch'));
  app.get('/operations/:id', () => {
    throw new TypeError('secret internals');
  });
  const schema = {
    querystring: { type: 'object', properties: { limit: { type: 'integer' } }, additionalProperties: false },
  };
  app.get('/list', { schema }, (_request, reply) => reply.send('listed'));
  return { app, lines };
}

const json = { 'content-type': 'application/json' };

test('a StrataError becomes problem+json', async (t) => {
  const { app } = buildApp();
  t.after(() => app.close());
  const answer = await app.inject({ url: '/kv/a', headers: { 'x-request-id': 'id-1' } });
  assert.equal(answer.statusCode, 412);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.equal(answer.headers['x-request-id'], 'id-1');
  assert.ok(answer.body.endsWith('}\n'));
  assert.deepEqual(answer.json(), {
    type: 'urn:stratakv:problem:version-mismatch',
    title: 'The entry is not at the expected version',
    status: 412,
    detail: 'expected 1',
    instance: 'id-1',
    key: 'a',
    currentVersion: 2,
    retryable: false,
  });
  const head = await app.inject({ method: 'HEAD', url: '/kv/a' });
  assert.deepEqual([head.statusCode, head.body], [412, '']);
});

test('Retry-After and Allow', () => {
  const plain = problemAnswer(new StrataError('overloaded', 'busy'), 'r');
  assert.equal(plain.headers['retry-after'], '1');
  const longer = problemAnswer(new StrataError('rate-limited', 'busy', { extensions: { retryAfterSeconds: 7 } }), 'r');
  assert.equal(longer.headers['retry-after'], '7');
  assert.equal(problemAnswer(new StrataError('not-cached', 'no'), 'r').headers['retry-after'], undefined);
  const allow = problemAnswer(new StrataError('method-not-allowed', 'no', { extensions: { allow: ['GET'] } }), 'r');
  assert.equal(allow.headers.allow, 'GET');
});

test('an unknown error is logged and tells nothing', async (t) => {
  const { app, lines } = buildApp();
  t.after(() => app.close());
  const answer = await app.inject({ url: '/operations/1', headers: { 'x-request-id': 'id-2' } });
  assert.deepEqual([answer.statusCode, answer.json().type], [500, 'urn:stratakv:problem:internal']);
  assert.doesNotMatch(answer.body, /secret internals/);
  assert.match(lines.join(''), /secret internals.*id-2/);
  assert.match(lines.join(''), /"route":"\/operations\/:id","path":"\/operations\/1","status":500/);
});

test('404, and 405 with Allow', async (t) => {
  const { app } = buildApp();
  t.after(() => app.close());
  const allowOf = async (method: 'PATCH' | 'DELETE' | 'OPTIONS' | 'GET', url: string) => {
    const answer = await app.inject({ method, url });
    return [answer.statusCode, answer.json().type.split(':').pop(), answer.headers.allow];
  };
  assert.deepEqual(await allowOf('GET', '/nothing'), [404, 'not-found', undefined]);
  assert.deepEqual(await allowOf('PATCH', '/kv/a/b?x=1'), [405, 'method-not-allowed', 'GET, HEAD, PUT']);
  assert.deepEqual(await allowOf('OPTIONS', '/kv/a'), [405, 'method-not-allowed', 'GET, HEAD, PUT']);
  assert.deepEqual(await allowOf('GET', '/kv:batchGet'), [405, 'method-not-allowed', 'POST']);
  assert.deepEqual(await allowOf('DELETE', '/operations/1'), [405, 'method-not-allowed', 'GET, HEAD']);
  assert.deepEqual(await allowOf('DELETE', '/operations/1/2'), [404, 'not-found', undefined]);
  const head = await app.inject({ method: 'HEAD', url: '/nothing' });
  assert.deepEqual([head.statusCode, head.headers['content-type']], [404, 'application/problem+json']);
});

test("Fastify's own errors", async (t) => {
  const { app } = buildApp();
  t.after(() => app.close());
  const codeOf = async (request: string | InjectOptions) => {
    const answer = await app.inject(request);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.ok(answer.headers['x-request-id']);
    return [answer.statusCode, answer.json().type.split(':').pop()];
  };
  const post = { method: 'POST', url: '/kv:batchGet' } as const;
  assert.deepEqual(await codeOf({ ...post, headers: json, payload: '{' }), [400, 'invalid-query']);
  assert.deepEqual(await codeOf({ ...post, headers: json, payload: '' }), [400, 'invalid-query']);
  assert.deepEqual(await codeOf({ ...post, headers: json, payload: '{"__proto__":1}' }), [400, 'invalid-query']);
  assert.deepEqual(await codeOf({ ...post, headers: { 'content-type': 'a/b' }, payload: 'x' }), [
    400,
    'invalid-header',
  ]);
  assert.deepEqual(await codeOf({ ...post, headers: json, payload: ' '.repeat(1025) }), [413, 'value-too-large']);
  assert.deepEqual(await codeOf('/kv/%zz'), [400, 'invalid-key']);
  assert.deepEqual(await codeOf('/kv/%ff'), [400, 'invalid-key']);
  assert.deepEqual(await codeOf(`/operations/${'x'.repeat(2049)}`), [414, 'key-too-long']);
  assert.deepEqual(await codeOf('/list?limit=a'), [400, 'invalid-query']);
  assert.deepEqual(await codeOf('/list?limit=1'), [400, 'invalid-query']);
});
