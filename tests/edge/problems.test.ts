import { equal, match, ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Answer } from '../framework/answer.ts';
import { eventually } from '../framework/eventually.ts';
import { HttpClient, type RequestOptions } from '../framework/http.ts';
import { assertProblem, checkProblemAnswer, type Problem } from '../framework/problems.ts';
import { rawExchange, requestHead } from '../framework/wire.ts';
import { startEdge, untilInService } from './edge.ts';

const mebibyte = 1024 * 1024;

/** Checks a problem that a proxy made: whole, named, not to be kept, and with `Retry-After` where it helps. */
function assertOwn(answer: Answer, type: string, status: number): Problem {
  const problem = assertProblem(answer, type, status);
  checkProblemAnswer(answer);
  equal(answer.header('cache-control'), 'no-store');
  equal(answer.header('x-content-type-options'), 'nosniff');
  equal(answer.header('retry-after'), status === 503 ? '1' : undefined);
  match(problem.detail ?? '', /^[A-Z].*\.$/, 'the detail is a sentence');
  return problem;
}

describe('an error of nginx is a problem', async () => {
  const edge = await startEdge({ gatewayCount: 1 });
  after(() => edge.close());
  const send = (bytes: string) => rawExchange(edge.url, bytes);
  const put = (...headers: readonly string[]) => requestHead('PUT /kv/a HTTP/1.1', 'Host: x', ...headers);

  const cases: readonly (readonly [what: string, bytes: string, type: string, status: number])[] = [
    ['400 for what is not HTTP', 'nonsense\r\n\r\n', 'invalid-header', 400],
    ['400 for a target it cannot decode', requestHead('GET /kv/% HTTP/1.1', 'Host: x'), 'invalid-key', 400],
    ['400 without a Host', requestHead('GET /kv/a HTTP/1.1'), 'invalid-header', 400],
    [
      '400 for a method that does not exist',
      requestHead('FROBNICATE /kv/a HTTP/1.1', 'Host: x'),
      'invalid-header',
      400,
    ],
    ['400 for HTTP/9.9', requestHead('GET /kv/a HTTP/9.9', 'Host: x'), 'invalid-header', 400],
    ['404 for /metrics', requestHead('GET /metrics HTTP/1.1', 'Host: x'), 'not-found', 404],
    ['411 for a PUT without a length', put(), 'length-required', 411],
    ['413 for a length above the limit', put(`Content-Length: ${mebibyte + 1}`), 'value-too-large', 413],
    ['415 for a coding of the value', put('Transfer-Encoding: gzip, chunked'), 'unsupported-encoding', 415],
    ['417 for an expectation', put('Content-Length: 1', 'Expect: a-miracle'), 'invalid-header', 417],
    ['431 for a header', requestHead('GET / HTTP/1.1', 'Host: x', `X: ${'a'.repeat(17_000)}`), 'invalid-header', 431],
    ['431 for a request line', requestHead(`GET /${'a'.repeat(17_000)} HTTP/1.1`, 'Host: x'), 'invalid-header', 431],
  ];
  for (const [what, bytes, type, status] of cases) {
    test(what, async () => {
      assertOwn(await send(bytes), type, status);
    });
  }

  test('with the id the client gave, when nginx got to read it', async () => {
    const answer = await send(put('X-Request-Id: my-own'));
    equal(assertOwn(answer, 'length-required', 411).instance, 'my-own');
  });

  test('with an id that needs no escaping in JSON', async () => {
    const answer = await send(put('X-Request-Id: "\\'));
    match(assertOwn(answer, 'length-required', 411).instance, /^[0-9a-f]{32}$/);
  });

  test('for HEAD, without the body', async () => {
    const answer = await new HttpClient(edge.url).request('HEAD', '/metrics');
    equal(answer.status, 404);
    equal(answer.mediaType, 'application/problem+json');
    equal(answer.body.length, 0);
  });

  test('and the gateway has seen none of these', () => {
    equal(edge.seen().length, 0);
  });
});

describe('without an Envoy', async () => {
  const edge = await startEdge({ gatewayCount: 1, envoyCount: 2 });
  after(() => edge.close());
  const client = new HttpClient(edge.url);
  const hanging = client.request('PUT', '/kv/a', { body: 'x', headers: { Do: 'hang', Prefer: 'wait=30' } });
  await eventually(async () => equal(edge.seen().length, 1));
  await Promise.all(edge.envoys.map((envoy) => envoy.kill()));

  test('a write that had left is 503 outcome-unknown', async () => {
    assertOwn(await hanging, 'outcome-unknown', 503);
  });

  test('every request is 503 unavailable, at once, and HEAD too', async () => {
    const startedAt = performance.now();
    const requests: readonly (readonly [method: string, options: RequestOptions])[] = [
      ['GET', {}],
      ['GET', { headers: { Prefer: 'wait=30' } }],
      ['PUT', { body: 'x' }],
      ['PUT', { body: 'x', headers: { Prefer: 'wait=30' } }],
      ['DELETE', {}],
      ['POST', { body: '{}' }],
    ];
    for (const [method, options] of requests) {
      assertOwn(await client.request(method, '/kv/a', options), 'unavailable', 503);
    }
    const head = await client.request('HEAD', '/kv/a');
    equal(head.status, 503);
    equal(head.header('retry-after'), '1');
    assertOwn(await client.request('GET', '/readyz'), 'unavailable', 503);
    ok(performance.now() - startedAt < 2_000);
    equal((await client.request('GET', '/healthz')).status, 200);
  });

  test('a body of 1 MiB that nobody takes is no obstacle to reading the answer', async () => {
    const answer = await client.request('PUT', '/kv/a', { body: Buffer.alloc(mebibyte) });
    assertOwn(answer, 'unavailable', 503);
  });

  test('and all is well again when one is back', async () => {
    await edge.envoys[0]?.start();
    await eventually(async () => equal((await client.request('GET', '/kv/a')).status, 200));
    equal(edge.seen().filter(({ method }) => method === 'PUT').length, 1);
  });
});

describe('an error of Envoy is a problem', async () => {
  const edge = await startEdge();
  after(() => edge.close());
  const client = new HttpClient(edge.url);
  // Characters that JSON escapes.
  const idOf = (method: string, how: string) => `"${method}"\\${how}`;
  const ask = (method: string, how: string) =>
    client.request(method, '/kv/a', {
      headers: { Do: how, 'X-Request-Id': idOf(method, how) },
      ...(method === 'PUT' ? { body: 'x' } : {}),
    });

  // A connection that breaks before the answer, one that brings something else, none that brings anything.
  for (const how of ['reset', 'garbage', 'hang']) {
    test(`a gateway does "${how}": a read is sent to another one, a write is not`, async () => {
      // What broke in the test before may have taken a gateway out for some seconds.
      await untilInService(edge, 2, 40_000);
      // Three failures in a row take it out again, those of the test before among them: an answer ends the row.
      for (let n = 0; n < 20; n += 1) equal((await ask('GET', '')).status, 200);
      const [get, put, erase] = await Promise.all(['GET', 'PUT', 'DELETE'].map((method) => ask(method, how)));
      ok(get && put && erase);
      equal(assertOwn(get, 'unavailable', 503).instance, idOf('GET', how));
      equal(assertOwn(put, 'outcome-unknown', 503).instance, idOf('PUT', how));
      assertOwn(erase, 'outcome-unknown', 503);
      const triedBy = (method: string) => edge.seen(idOf(method, how)).map(({ by }) => by);
      equal(new Set(triedBy('GET')).size, 2);
      equal(triedBy('GET').length, 2);
      equal(triedBy('PUT').length, 1);
      equal(triedBy('DELETE').length, 1);
    });
  }

  test('503 at once when no gateway is there', async () => {
    await Promise.all(edge.gateways.map((gateway) => gateway.process.kill()));
    // Connections that had been open break first.
    await eventually(async () => assertOwn(await ask('PUT', ''), 'unavailable', 503));
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const startedAt = performance.now();
      assertOwn(await ask(method, ''), 'unavailable', 503);
      ok(performance.now() - startedAt < 1_000);
    }
    await Promise.all(edge.gateways.map((gateway) => gateway.process.start()));
    await eventually(async () => equal((await ask('GET', '')).status, 200));
  });
});

describe('with no gateway ready', async () => {
  const edge = await startEdge();
  after(() => edge.close());

  test('all are asked, for what is missing to a gateway is not always what a request needs', async () => {
    await Promise.all(edge.gateways.map((gateway) => gateway.setReady(false)));
    await untilInService(edge, 0, 5_000);
    const client = new HttpClient(edge.url);
    for (let n = 0; n < 10; n += 1) equal((await client.request('PUT', '/kv/a', { body: 'x' })).status, 200);
    equal((await client.request('GET', '/readyz')).status, 503);
  });
});

describe('too many requests', async () => {
  const edge = await startEdge({ gatewayCount: 1, requests: 1 });
  after(() => edge.close());

  test('are 503 overloaded, at once', async () => {
    const client = new HttpClient(edge.url);
    const options = { headers: { Do: 'delay=700' } };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => client.request('PUT', '/kv/a', { ...options, body: 'x' })),
    );
    const refused = answers.filter(({ status }) => status === 503);
    ok(refused.length > 0);
    for (const answer of refused) assertOwn(answer, 'overloaded', 503);
    equal(answers.length - refused.length, edge.seen().length);
  });
});
