import { deepEqual, equal } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { HttpClient } from '../framework/http.ts';
import { assertProblem } from '../framework/problems.ts';
import { rawExchange, requestHead } from '../framework/wire.ts';
import { type Seen, startEdge } from './edge.ts';

const edge = await startEdge({ gatewayCount: 1 });
after(() => edge.close());
const client = new HttpClient(edge.url);

/** Request targets that a gateway has to get byte for byte: nobody decodes, merges, normalises or cuts them. */
const targets = [
  '/kv/plain',
  '/kv/a%2Fb',
  '/kv/a%2fb',
  '/kv/%61',
  '/kv/a//b',
  '/kv//a',
  '//kv/a',
  '/kv/',
  '/kv/.',
  '/kv/..',
  '/kv/%2e%2e',
  '/kv/%2E%2e/x',
  '/kv/../healthz',
  '/kv/../metrics',
  '/kv/a/../b',
  '/kv/a/./b',
  '/kv/%2e%2e%2fhealthz',
  '/kv/double%252Fencoded',
  '/kv/percent%25',
  '/kv/caf%C3%A9',
  '/kv/caf%c3%a9',
  '/kv/%F0%9F%98%80',
  '/kv/%FF%FE',
  '/kv/%ED%A0%80',
  '/kv/line%0Afeed',
  '/kv/tab%09',
  '/kv/%7F',
  '/kv/%C2%85',
  '/kv/plus+plus',
  '/kv/space%20space',
  '/kv/question%3Fmark',
  '/kv/a?',
  '/kv/a?wait=5&x=%2F',
  '/kv/a?b?c',
  '/kv?prefix=a%2F&delimiter=/&limit=10',
  '/kv?prefix=%C3%A9&cursor=AAA_-=',
  '/kv/semi;colon=1;x',
  '/kv/at@sign:8080',
  "/kv/!$&'()*,;=~_-.",
  '/kv/back\\slash',
  '/kv/brackets[]{}|^`"<>',
  '/kv/__proto__',
  '/kv:batchGet',
  '/operations/AaH-V58YAAwR94jea4_yKSxmzov4CVFw',
  '/readyz?verbose',
  '/refuse-404',
  '/-/503',
  '/read',
  '/write',
  `/kv/${'a'.repeat(512)}`,
  `/kv/${'%61'.repeat(512)}`,
  `/kv/${'%61'.repeat(4_000)}`,
];

describe('a gateway gets the target byte for byte', () => {
  for (const target of targets) {
    test(target.length > 80 ? `${target.slice(0, 40)}… (${target.length} bytes)` : target, async () => {
      const get = await client.request('GET', target);
      equal((get.json() as Seen).target, target, get.describe());
      const put = await client.request('PUT', target, { body: 'x' });
      equal((put.json() as Seen).target, target, put.describe());
      const patient = await client.request('DELETE', target, { headers: { Prefer: 'wait=1' } });
      equal((patient.json() as Seen).target, target, patient.describe());
    });
  }

  test('of an absolute target, without scheme and host (RFC 9112 §3.2.2)', async () => {
    const cases = [
      ['http://localhost/kv/a%2Fb//c', '/kv/a%2Fb//c'],
      ['http://other:99/kv/a?b', '/kv/a?b'],
      ['HTTP://x/kv/../healthz', '/kv/../healthz'],
      ['http://x', '/'],
      ['http://x?a=1', '/?a=1'],
    ] as const;
    for (const [target, forwarded] of cases) {
      const head = requestHead(`GET ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close');
      const answer = await rawExchange(edge.url, head);
      equal((answer.json() as Seen).target, forwarded, answer.describe());
    }
  });
});

describe('a key that nginx itself cannot decode', () => {
  const refused = [
    '/kv/a%',
    '/kv/a%2',
    '/kv/a%zz',
    '/kv/%u0061',
    '/kv/a%00b',
    '/kv/../..',
    '/kv/%2e%2e%2f%2e%2e%2fhealthz',
  ];
  for (const target of refused) {
    test(`${target} is refused as a gateway would`, async () => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await client.request(method, target, method === 'PUT' ? { body: 'x' } : {});
        const { instance } = assertProblem(answer, 'invalid-key', 400);
        equal(instance, answer.header('x-request-id'));
      }
    });
  }

  test('does not reach a gateway', () => {
    const targetsSeen = edge.seen().map(({ target }) => target);
    deepEqual(
      targetsSeen.filter((target) => refused.includes(target)),
      [],
    );
  });
});

describe('what the edge keeps for itself', () => {
  test('/healthz is answered by nginx, with or without a query', async () => {
    const before = edge.seen().length;
    for (const target of ['/healthz', '/healthz?x']) {
      const answer = await client.request('GET', target);
      equal(answer.text, '{"status":"alive"}\n');
      equal(answer.mediaType, 'application/json');
      equal(answer.header('cache-control'), 'no-store');
    }
    equal((await client.request('HEAD', '/healthz')).status, 200);
    equal(edge.seen().length, before);
  });

  test('/readyz is answered by a gateway', async () => {
    const { checks } = (await client.request('GET', '/readyz')).json() as { checks: object };
    deepEqual(Object.keys(checks), ['switch']);
  });

  for (const target of ['/metrics', '/metrics?x', '/%6Detrics', '/x/../metrics', '/./metrics', '/metrics#x']) {
    test(`${target} is not public`, async () => {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const answer = await client.request(method, target, method === 'POST' ? { body: 'x' } : {});
        if (method === 'HEAD') equal(answer.status, 404);
        else assertProblem(answer, 'not-found', 404);
      }
    });
  }
});
