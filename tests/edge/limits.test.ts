import { equal, match, ok } from 'node:assert/strict';
import { type IncomingMessage, request as send } from 'node:http';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../framework/eventually.ts';
import { HttpClient } from '../framework/http.ts';
import { assertProblem, checkProblemAnswer } from '../framework/problems.ts';
import { requestHead, Wire } from '../framework/wire.ts';
import { type Seen, startEdge } from './edge.ts';

const mebibyte = 1024 * 1024;
const edge = await startEdge({ gatewayCount: 1 });
after(() => edge.close());
const client = new HttpClient(edge.url);

describe('a value', () => {
  for (const isChunked of [false, true]) {
    const how = isChunked ? 'in chunks' : 'with its length';
    test(`of 1 MiB arrives whole, ${how}`, async () => {
      const answer = await client.request('PUT', '/kv/a', { body: Buffer.alloc(mebibyte), isChunked });
      equal((answer.json() as Seen).bytes, mebibyte);
    });

    for (const [size, bytes] of [
      ['one byte more', mebibyte + 1],
      ['8 MiB', 8 * mebibyte],
    ] as const) {
      test(`of ${size} is refused with a 413 the client can read, ${how}`, async () => {
        const answer = await client.request('PUT', '/kv/large', { body: Buffer.alloc(bytes), isChunked });
        assertProblem(answer, 'value-too-large', 413);
        checkProblemAnswer(answer);
      });
    }
  }

  test('that is too large is refused also for a client that sends all before it reads', async () => {
    const wire = await Wire.open(edge.url);
    try {
      await wire.write(requestHead('PUT /kv/large HTTP/1.1', 'Host: x', `Content-Length: ${8 * mebibyte}`));
      for (let sent = 0; sent < 8; sent += 1) await wire.write(Buffer.alloc(mebibyte));
      assertProblem(await wire.answer(), 'value-too-large', 413);
    } finally {
      wire.close();
    }
  });

  test('is announced with Expect: nginx says 100, or 413 before the upload', async () => {
    const small = await Wire.open(edge.url);
    const large = await Wire.open(edge.url);
    const head = (bytes: number) =>
      requestHead('PUT /kv/a HTTP/1.1', 'Host: x', `Content-Length: ${bytes}`, 'Expect: 100-Continue');
    try {
      await small.write(head(5));
      equal((await small.answer()).status, 100);
      await small.write('hello');
      equal((await small.answer()).status, 200);
      await large.write(head(mebibyte + 1));
      assertProblem(await large.answer(), 'value-too-large', 413);
    } finally {
      small.close();
      large.close();
    }
  });

  test('that is too large never reaches a gateway', () => {
    equal(edge.seen().filter(({ target }) => target === '/kv/large').length, 0);
  });

  test('that is cut off in the middle neither', async () => {
    for (const [header, sent] of [
      ['Content-Length: 100', 'the beginning'],
      ['Transfer-Encoding: chunked', '5\r\nwhole\r\n'],
    ] as const) {
      const wire = await Wire.open(edge.url);
      await wire.write(requestHead('PUT /kv/cut HTTP/1.1', 'Host: x', header) + sent);
      await sleep(50);
      wire.cut();
    }
    await client.request('GET', '/kv/after');
    equal(edge.seen().filter(({ target }) => target === '/kv/cut').length, 0);
  });
});

describe('a batch', () => {
  test('may have a body of 4 MiB', async () => {
    const fits = await client.request('POST', '/kv:batchGet', { body: Buffer.alloc(4 * mebibyte) });
    equal((fits.json() as Seen).bytes, 4 * mebibyte);
    const answer = await client.request('POST', '/kv:batchGet', { body: Buffer.alloc(4 * mebibyte + 1) });
    assertProblem(answer, 'value-too-large', 413);
  });
});

describe('the head of a request', () => {
  test('may have 14 KiB in all, what the edge adds not counted', async () => {
    for (const headers of [{ X: 'a'.repeat(13_000) }, manyHeaders(120)]) {
      const answer = await client.request('GET', '/kv/a', { headers });
      equal(answer.status, 200, answer.describe());
    }
    equal((await client.request('GET', `/kv/${'a'.repeat(13_000)}`)).status, 200);
  });

  test('is 431 above 15 KiB, whatever it consists of', async () => {
    const oversized = [
      client.request('GET', '/kv/a', { headers: { X: 'a'.repeat(15_400) } }),
      client.request('GET', '/kv/a', { headers: manyHeaders(160) }),
      client.request('GET', `/kv/${'a'.repeat(15_400)}`),
    ];
    for (const answer of await Promise.all(oversized)) {
      assertProblem(answer, 'invalid-header', 431);
      checkProblemAnswer(answer);
    }
  });
});

/** Each is 110 bytes long on the wire. */
function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`X-${100 + at}`, 'a'.repeat(101)]));
}

describe('slow clients', { concurrency: true }, () => {
  test('500 of them that send a byte at a time do not keep others waiting, and are cut off after 10 s', async () => {
    const startedAt = performance.now();
    const wires = await Promise.all(Array.from({ length: 500 }, () => Wire.open(edge.url)));
    const half = wires.length / 2;
    await Promise.all(
      wires.slice(half).map((wire) => wire.write(requestHead('PUT /kv/slow HTTP/1.1', 'Host: x', 'Content-Length: 9'))),
    );
    let slowest = 0;
    while (performance.now() - startedAt < 9_000) {
      // Headers byte by byte. The bodies do not come at all: nginx gives each byte of a body 10 s.
      await Promise.all(wires.slice(0, half).map((wire) => wire.write('G')));
      const askedAt = performance.now();
      await inParallel(Array.from({ length: 10 }), 10, async () => {
        equal((await client.request('GET', '/kv/a')).status, 200);
      });
      slowest = Math.max(slowest, performance.now() - askedAt);
      await sleep(250);
    }
    ok(slowest < 1_000, `${slowest} ms for ten reads`);
    equal(wires.filter((wire) => wire.isEnded).length, 0);
    await sleep(2_500);
    equal(wires.filter((wire) => wire.isEnded).length, wires.length);
    equal(edge.seen().filter(({ target }) => target === '/kv/slow').length, 0);
  });

  test('Envoy answers one that comes to it directly with 408', async () => {
    const wire = await Wire.open(edge.envoyUrls[0] ?? '');
    try {
      const head = requestHead('PUT /kv/slow HTTP/1.1', 'Host: x', 'Content-Length: 9', 'X-Request-Id: slow');
      await wire.write(`${head}1`);
      await sleep(9_900);
      const answer = await wire.answer();
      assertProblem(answer, 'invalid-header', 408);
      checkProblemAnswer(answer);
      match(answer.text, /"instance":"slow"/);
    } finally {
      wire.close();
    }
  });

  test('that read slowly get all of a large answer: 8 MiB in 6 s', async () => {
    const bytes = 8 * mebibyte;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    send(`${edge.url}/kv/a`, { agent: false, headers: { Do: `bytes=${bytes}` } }, resolve)
      .on('error', reject)
      .end();
    let received = 0;
    let paused = 0;
    for await (const chunk of await promise) {
      received += (chunk as Buffer).length;
      while (paused < (received / bytes) * 24) {
        paused += 1;
        await sleep(250);
      }
    }
    equal(received, bytes);
  });
});
