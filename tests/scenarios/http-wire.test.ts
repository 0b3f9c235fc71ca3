import { equal, match, notEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../framework/answer.ts';
import { isBehindNginx } from '../framework/edge.ts';
import { checkProblemAnswer } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';
import { rawExchange, requestHead, Wire } from '../framework/wire.ts';

const store = await useStore();
const behindNginx = await isBehindNginx(store.target.url);
const key = store.key('entry');
await store.write(key, 'value');
const host = 'Host: localhost';
const close = 'Connection: close';

const send = (bytes: Uint8Array | string) => rawExchange(store.target.url, bytes);

function assertRefused(answer: Answer, status: number): void {
  equal(answer.status, status, answer.describe());
  checkProblemAnswer(answer);
}

describe('a request that is not good HTTP is 400, as a problem', () => {
  const get = `GET /kv/${key} HTTP/1.1`;
  const put = `PUT /kv/${store.key('smuggled')} HTTP/1.1`;
  const chunked = 'Transfer-Encoding: chunked';
  const requests: readonly (readonly [what: string, bytes: string])[] = [
    ['two Host headers', requestHead(get, host, 'Host: other', close)],
    ['two equal Host headers', requestHead(get, host, host, close)],
    ['no Host header', requestHead(get, close)],
    ['both lengths (CL and TE)', `${requestHead(put, host, 'Content-Length: 4', chunked)}0\r\n\r\n`],
    ['both lengths (TE and CL)', `${requestHead(put, host, chunked, 'Content-Length: 4')}0\r\n\r\n`],
    ['an unknown transfer coding', `${requestHead(put, host, 'Transfer-Encoding: xchunked')}0\r\n\r\n`],
    ['a header without a colon', requestHead(get, host, 'Nonsense', close)],
    ['a space before the colon of a header', requestHead(get, host, 'Nonsense : x', close)],
    ['a folded header', requestHead(get, host, 'X-Folded: a\r\n b', close)],
    ['a bare line feed in a header', requestHead(get, host, 'X-Bare: a\nX-Injected: b', close)],
    ['a NUL in a header', requestHead(get, host, 'X-Nul: a\0b', close)],
    ['a space in the path', requestHead(`GET /kv/${key} b HTTP/1.1`, host, close)],
    ['a version of HTTP that does not exist', requestHead(`GET /kv/${key} HTTP/9.9`, host, close)],
    ['a method that does not exist', requestHead(`FROBNICATE /kv/${key} HTTP/1.1`, host, close)],
    ['garbage', 'this is not http at all\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ];
  const mended = new Set(['a header without a colon', 'a bare line feed in a header']);
  for (const [what, bytes] of requests) {
    test(what, async () => {
      const answer = await send(bytes);
      // RFC 9112 §2.2 lets a recipient take a bare LF for the end of a line. Nginx does, and passes on what is clean.
      if (behindNginx && mended.has(what)) equal(answer.status, 200, answer.describe());
      else assertRefused(answer, 400);
    });
  }

  test('and has stored nothing', async () => {
    equal((await store.getLatest(store.key('smuggled'))).status, 404);
  });
});

describe('sizes of the head', () => {
  test('a header over 16 KiB is 431, as a problem', async () => {
    assertRefused(await send(requestHead(`GET /kv/${key} HTTP/1.1`, host, `X-Large: ${'a'.repeat(17_000)}`)), 431);
  });

  test('many headers over 16 KiB together are 431, as a problem', async () => {
    const headers = Array.from({ length: 200 }, (_, n) => `X-Many-${n}: ${'a'.repeat(100)}`);
    assertRefused(await send(requestHead(`GET /kv/${key} HTTP/1.1`, host, ...headers)), 431);
  });

  test('a request line over 16 KiB is 431: the parser counts it among the headers', async () => {
    assertRefused(await send(requestHead(`GET /kv/${'a'.repeat(17_000)} HTTP/1.1`, host)), 431);
  });

  test('a request line below that with too long a key is 414', async () => {
    assertRefused(await send(requestHead(`GET /kv/${'a'.repeat(10_000)} HTTP/1.1`, host, close)), 414);
  });

  test('12 KiB of headers are fine', async () => {
    const head = requestHead(`GET /kv/${key} HTTP/1.1`, host, `X-Large: ${'a'.repeat(12_000)}`, close);
    equal((await send(head)).status, 200);
  });
});

describe('the request target', () => {
  test('may be absolute, as every server must allow (RFC 9112 §3.2.2)', async () => {
    const answer = await send(requestHead(`GET http://localhost/kv/${key} HTTP/1.1`, host, close));
    equal(answer.status, 200, answer.describe());
    equal(answer.text, 'value');
  });

  test('may be given by an HTTP/1.0 client, without a Host', async () => {
    const answer = await send(requestHead(`GET /kv/${key} HTTP/1.0`));
    equal(answer.status, 200, answer.describe());
    equal(answer.text, 'value');
  });
});

describe('a connection', () => {
  const get = requestHead(`GET /kv/${key} HTTP/1.1`, host);

  test('answers pipelined requests in their order', async () => {
    const wire = await Wire.open(store.target.url);
    try {
      const absent = requestHead(`GET /kv/${store.key('absent')} HTTP/1.1`, host);
      await wire.write(get + absent + get);
      const statuses = [await wire.answer(), await wire.answer(), await wire.answer()].map((answer) => answer.status);
      equal(statuses.join(), '200,404,200');
    } finally {
      wire.close();
    }
  });

  test('is kept open between requests', async () => {
    const wire = await Wire.open(store.target.url);
    try {
      for (let n = 0; n < 3; n++) {
        await wire.write(get);
        equal((await wire.answer()).status, 200);
      }
    } finally {
      wire.close();
    }
  });

  test('that sent nonsense is closed and no second answer follows', async () => {
    const wire = await Wire.open(store.target.url);
    try {
      await wire.write(`nonsense\r\n\r\n${get}`);
      equal((await wire.answer()).status, 400);
      await wire.ended();
      equal(wire.pending, '');
    } finally {
      wire.close();
    }
  });

  test('takes a request that comes byte by byte', async () => {
    const wire = await Wire.open(store.target.url);
    try {
      for (const byte of get) await wire.write(byte);
      equal((await wire.answer()).text, 'value');
    } finally {
      wire.close();
    }
  });
});

describe('X-Request-Id', () => {
  const idOf = async (sent: string) => {
    const answer = await store.get(key, { 'X-Request-Id': sent });
    return answer.header('x-request-id') ?? '';
  };

  for (const good of ['abc-123', '550e8400-e29b-41d4-a716-446655440000', 'A_b.c:1']) {
    test(`${good} is echoed`, async () => {
      equal(await idOf(good), good);
    });
  }

  const bad = ['', 'with space', 'a'.repeat(500), 'tab\there', 'caf\xe9'];
  for (const value of bad) {
    test(`${JSON.stringify(value.slice(0, 20))} is replaced`, async () => {
      const id = await idOf(value);
      notEqual(id, value);
      match(id, /^[\w.:-]{8,128}$/);
    });
  }

  test('is a new one for every request that brings none', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await store.get(key)).header('x-request-id')),
    );
    equal(new Set(ids).size, 20);
  });

  test('of a failed request is the instance of its problem', async () => {
    const answer = await store.get(store.key('absent'), { 'X-Request-Id': 'my-own-id' });
    equal((answer.json() as { instance: string }).instance, 'my-own-id');
  });
});

test('Server-Timing of a read says where the time went', async () => {
  const timing = (await store.get(key)).header('server-timing') ?? '';
  match(timing, /^[\w-]+(;[a-z]+=("[^"]*"|[\w.]+))*(, *[\w-]+(;[a-z]+=("[^"]*"|[\w.]+))*)*$/);
  match(timing, /dur=\d/);
});

describe('what is not quite HTTP/1.1', () => {
  test('a transfer coding but chunked is refused with 415: nothing is decoded, and nothing stored as it came', async () => {
    const path = `/kv/${store.key('coded')}`;
    const head = `PUT ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n`;
    equal((await send(`${head}3\r\nabc\r\n0\r\n\r\n`)).status, 415);
    equal((await store.request('GET', path)).status, 404);
  });

  test('an HTTP/1.0 client that expects 100 gets none', async () => {
    const path = `/kv/${store.key('old-client')}`;
    const head = `PUT ${path} HTTP/1.0\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    equal((await send(`${head}abc`)).status, 202);
  });

  test('a target in absolute form is told to continue once', async () => {
    const target = `http://x/kv/${store.key('absolute')}`;
    const head = `PUT ${target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n`;
    const wire = await Wire.open(store.target.url);
    try {
      await wire.write(`${head}abc`);
      equal((await wire.answer()).status, 100);
      equal((await wire.answer()).status, 202);
    } finally {
      wire.close();
    }
  });

  test('a method the router never heard of is 405 with Allow where the path exists', async () => {
    const answer = await store.request('QUERY', `/kv/${store.key('query')}`, { body: 'x' });
    equal(answer.status, 405);
    match(answer.header('allow') ?? '', /GET/);
  });
});

test('HEAD with 304 names no length that GET would not', async () => {
  const key = store.key('head-304');
  const version = await store.write(key, 'value');
  const headers = { 'If-None-Match': `"${version}"` };
  const answer = await store.request('HEAD', `/kv/${key}`, { headers });
  equal(answer.status, 304);
  notEqual(answer.header('content-length'), '0');
});
