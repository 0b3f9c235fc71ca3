import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { HttpClient } from '../framework/http.ts';
import { rawExchange, requestHead } from '../framework/wire.ts';
import { headerValues, type Seen, startEdge } from './edge.ts';

const edge = await startEdge({ gatewayCount: 1 });
after(() => edge.close());
const client = new HttpClient(edge.url);

/** What the gateway got of a request with these headers. */
async function forwarded(headers: Readonly<Record<string, string | readonly string[]>>): Promise<Seen> {
  const answer = await client.request('GET', '/kv/a', { headers });
  return answer.json() as Seen;
}

async function forwardedValues(name: string, headers: Readonly<Record<string, string | readonly string[]>>) {
  return headerValues(await forwarded(headers), name.toLowerCase());
}

describe('X-Request-Id', () => {
  for (const id of ['abc-123', '550e8400-e29b-41d4-a716-446655440000', '~!"\\\'{}$', 'a', 'a'.repeat(128)]) {
    test(`${id.slice(0, 40)} goes through and comes back, once`, async () => {
      const answer = await client.request('GET', '/kv/a', { headers: { 'X-Request-Id': id } });
      equal(answer.header('x-request-id'), id);
      deepEqual(headerValues(answer.json() as Seen, 'x-request-id'), [id]);
    });
  }

  for (const id of ['', 'with space', 'a'.repeat(129), 'tab\there', 'caf\xe9']) {
    test(`${JSON.stringify(id.slice(0, 40))} is replaced`, async () => {
      const answer = await client.request('GET', '/kv/a', { headers: { 'X-Request-Id': id } });
      match(answer.header('x-request-id') ?? '', /^[0-9a-f]{32}$/);
      deepEqual(headerValues(answer.json() as Seen, 'x-request-id'), [answer.header('x-request-id')]);
    });
  }
});

describe('traceparent', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  for (const [what, value] of [
    ['of version 00', `00-${traceId}-00f067aa0ba902b7-01`],
    ['that is not sampled', `00-${traceId}-00f067aa0ba902b7-00`],
    ['of a later version', `cc-${traceId}-00f067aa0ba902b7-01`],
    ['of a later version with more to it', `cc-${traceId}-00f067aa0ba902b7-01-what-the-future`],
  ] as const) {
    test(`${what} is kept, with its tracestate`, async () => {
      const seen = await forwarded({ traceparent: value, tracestate: 'vendor=1' });
      deepEqual(headerValues(seen, 'traceparent'), [value]);
      deepEqual(headerValues(seen, 'tracestate'), ['vendor=1']);
    });
  }

  for (const [what, value] of [
    ['without any', undefined],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`],
    ['of version ff', `ff-${traceId}-00f067aa0ba902b7-01`],
    ['too short', `00-${traceId.slice(1)}-00f067aa0ba902b7-01`],
    ['of version 00 with more to it', `00-${traceId}-00f067aa0ba902b7-01-more`],
    ['that is nonsense', 'nonsense'],
  ] as const) {
    test(`${what} is made anew from the request id, without the tracestate`, async () => {
      const headers = value === undefined ? {} : { traceparent: value, tracestate: 'vendor=1' };
      const seen = await forwarded(headers);
      const [made = '', ...more] = headerValues(seen, 'traceparent');
      match(made, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      equal(made.slice(3, 35), seen.id);
      deepEqual(more, []);
      deepEqual(headerValues(seen, 'tracestate'), []);
    });
  }

  test('is another one for every request', async () => {
    const one = await forwardedValues('traceparent', {});
    const other = await forwardedValues('traceparent', {});
    notEqual(one[0], other[0]);
  });
});

describe('a gateway learns', () => {
  test('the host the client asked for', async () => {
    const seen = await forwarded({ Host: 'store.example:8080' });
    deepEqual(headerValues(seen, 'host'), ['store.example:8080']);
    deepEqual(headerValues(seen, 'x-forwarded-host'), ['store.example:8080']);
  });

  test('the client, after those a proxy before has named', async () => {
    deepEqual(await forwardedValues('X-Forwarded-For', {}), ['127.0.0.1']);
    deepEqual(await forwardedValues('X-Forwarded-For', { 'X-Forwarded-For': '203.0.113.7' }), [
      '203.0.113.7, 127.0.0.1',
    ]);
  });

  test('the protocol as the edge saw it', async () => {
    deepEqual(await forwardedValues('X-Forwarded-Proto', { 'X-Forwarded-Proto': 'gopher' }), ['http']);
  });

  test('a host also from an HTTP/1.0 client that names none', async () => {
    const answer = await rawExchange(edge.url, requestHead('GET /kv/a HTTP/1.0'));
    deepEqual(headerValues(answer.json() as Seen, 'host'), ['localhost']);
  });
});

describe('what belongs to one connection does not go further', () => {
  for (const [name, value] of [
    ['Connection', 'keep-alive, KV-TTL'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Upgrade', 'h2c'],
    ['Expect', '100-continue'],
  ] as const) {
    test(name, async () => {
      const seen = await forwarded({ [name]: value, 'KV-TTL': '5' });
      deepEqual(
        headerValues(seen, name.toLowerCase()).filter((sent) => sent === value),
        [],
      );
      deepEqual(headerValues(seen, 'kv-ttl'), ['5']);
    });
  }
});

describe('all other headers', () => {
  test('go through under the names they have, underscores and other characters of a token (RFC 9110 §5.6.2) included', async () => {
    const names = ['kv-meta-some_name', 'kv-meta-__proto__', 'kv-meta-a.b', "kv-meta-!#$%&'*+.^_`|~"];
    const seen = await forwarded(Object.fromEntries(names.map((name) => [name, 'x'])));
    for (const name of names) deepEqual(headerValues(seen, name), ['x'], name);
  });

  test('with bytes beyond ASCII in their values keep them', async () => {
    deepEqual(await forwardedValues('KV-Meta-City', { 'KV-Meta-City': 'S\xc3\xa3o \xff' }), ['S\xc3\xa3o \xff']);
  });

  test('with a character that no name may have are refused with 400', async () => {
    for (const name of ['X(y)', 'X/y', 'X@y', 'X"y']) {
      const answer = await rawExchange(edge.url, requestHead('GET /kv/a HTTP/1.1', 'Host: x', `${name}: z`));
      equal(answer.mediaType, 'application/problem+json');
      equal(answer.status, 400, answer.describe());
      match(answer.header('x-request-id') ?? '', /^[0-9a-f]{32}$/);
    }
  });

  test('go through in their order, repeated ones too', async () => {
    const seen = await forwarded({
      'KV-Meta-A': ['1', '2'],
      'Sync-Token': 'x',
      'Idempotency-Key': '"k"',
      'If-Match': '"1"',
    });
    deepEqual(headerValues(seen, 'kv-meta-a'), ['1', '2']);
    deepEqual(headerValues(seen, 'sync-token'), ['x']);
    deepEqual(headerValues(seen, 'idempotency-key'), ['"k"']);
    deepEqual(headerValues(seen, 'if-match'), ['"1"']);
  });
});

describe('an answer', () => {
  test('goes back as it came: nothing is compressed, no proxy names itself, ETag and status stay', async () => {
    const answer = await client.request('GET', '/kv/a', { headers: { 'Accept-Encoding': 'gzip, br' } });
    equal(answer.header('etag'), '"1"');
    equal(answer.header('content-encoding'), undefined);
    equal(answer.header('via'), undefined);
    deepEqual(
      [...answer.headers.keys()].filter((name) => name.startsWith('x-envoy')),
      [],
    );
    equal(answer.header('server'), 'nginx');
  });

  for (const status of [204, 304, 400, 404, 409, 412, 422, 429, 500, 502, 503, 504, 507]) {
    test(`of ${status} too, with its body`, async () => {
      const answer = await client.request('GET', '/kv/a', { headers: { Do: `status=${status}` } });
      equal(answer.status, status);
      if (status < 400) equal(answer.body.length, 0);
      else match(answer.text, /"detail":"As told\."/);
    });
  }
});

describe('x-envoy-* headers of a client', () => {
  test('are not obeyed: a write that fails is not repeated, however much it is asked for', async () => {
    const before = edge.seen().length;
    const headers = {
      Do: 'status=503',
      'X-Envoy-Retry-On': '5xx,reset,retriable-status-codes',
      'X-Envoy-Max-Retries': '5',
      'X-Envoy-Retriable-Status-Codes': '503',
      'X-Envoy-Upstream-Rq-Timeout-Ms': '1',
      'X-Envoy-Upstream-Alt-Stat-Name': 'x',
      'X-Forwarded-For': '10.0.0.1',
    };
    equal((await client.request('PUT', '/kv/a', { headers, body: 'x' })).status, 503);
    equal(edge.seen().length, before + 1);
    const late = await client.request('PUT', '/kv/a', { headers: { ...headers, Do: 'delay=300' }, body: 'x' });
    equal(late.status, 200, late.describe());
    equal(edge.seen().length, before + 2);
  });
});
