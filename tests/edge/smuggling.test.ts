import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { HttpClient } from '../framework/http.ts';
import { checkProblemAnswer } from '../framework/problems.ts';
import { requestHead, Wire } from '../framework/wire.ts';
import { headerValues, type Seen, startEdge } from './edge.ts';

const edge = await startEdge({ gatewayCount: 1 });
after(() => edge.close());

const host = 'Host: localhost';
const get = 'GET /kv/a HTTP/1.1';
const put = 'PUT /kv/a HTTP/1.1';
const chunked = 'Transfer-Encoding: chunked';
/** The request an attacker hides in the body of another one. */
const hidden = requestHead('GET /kv/hidden HTTP/1.1', host);

/** Requests that two servers might read differently. The edge refuses them, and what follows on the connection is not read. */
const refused: readonly (readonly [what: string, bytes: string])[] = [
  ['CL.TE', `${requestHead(put, host, 'Content-Length: 6', chunked)}0\r\n\r\n${hidden}`],
  ['TE.CL', `${requestHead(put, host, chunked, 'Content-Length: 4')}5c\r\n${hidden}\r\n0\r\n\r\n`],
  [
    'CL.TE with a hidden coding',
    `${requestHead(put, host, 'Content-Length: 6', 'Transfer-Encoding: xchunked')}${hidden}`,
  ],
  ['TE.TE', `${requestHead(put, host, chunked, 'Transfer-Encoding: identity')}0\r\n\r\n${hidden}`],
  ['TE.TE with a coding nobody knows', `${requestHead(put, host, chunked, 'Transfer-Encoding: x')}0\r\n\r\n${hidden}`],
  ['TE twice', `${requestHead(put, host, chunked, chunked)}0\r\n\r\n${hidden}`],
  ['TE chunked, chunked', `${requestHead(put, host, 'Transfer-Encoding: chunked, chunked')}0\r\n\r\n${hidden}`],
  ['TE xchunked', `${requestHead(put, host, 'Transfer-Encoding: xchunked')}0\r\n\r\n${hidden}`],
  ['TE "chunked"', `${requestHead(put, host, 'Transfer-Encoding: "chunked"')}0\r\n\r\n${hidden}`],
  ['TE with a vertical tab', `${requestHead(put, host, 'Transfer-Encoding: \x0bchunked')}0\r\n\r\n${hidden}`],
  ['TE with a space before the colon', `${requestHead(put, host, 'Transfer-Encoding : chunked')}0\r\n\r\n${hidden}`],
  ['TE in a folded line', `${requestHead(put, host, 'X: y\r\n Transfer-Encoding: chunked')}0\r\n\r\n${hidden}`],
  ['TE folded itself', `${requestHead(put, host, 'Transfer-Encoding:\r\n chunked')}0\r\n\r\n${hidden}`],
  ['TE in HTTP/1.0', `${requestHead('PUT /kv/a HTTP/1.0', host, chunked)}0\r\n\r\n${hidden}`],
  ['two lengths', `${requestHead(put, host, 'Content-Length: 0', `Content-Length: ${hidden.length}`)}${hidden}`],
  ['the same length twice', `${requestHead(put, host, 'Content-Length: 3', 'Content-Length: 3')}abc${hidden}`],
  ['a list of lengths', `${requestHead(put, host, 'Content-Length: 3, 3')}abc${hidden}`],
  ['a length with a sign', `${requestHead(put, host, 'Content-Length: +3')}abc${hidden}`],
  ['a length in hexadecimal', `${requestHead(put, host, 'Content-Length: 0x3')}abc${hidden}`],
  ['a negative length', `${requestHead(put, host, 'Content-Length: -1')}abc${hidden}`],
  ['an empty length', `${requestHead(put, host, 'Content-Length:')}abc${hidden}`],
  ['a length beyond 64 bits', `${requestHead(put, host, 'Content-Length: 18446744073709551617')}a${hidden}`],
  ['a chunk size that is no number', `${requestHead(put, host, chunked)}zz\r\nabc\r\n0\r\n\r\n${hidden}`],
  ['a chunk size with a prefix', `${requestHead(put, host, chunked)}0x3\r\nabc\r\n0\r\n\r\n${hidden}`],
  ['a negative chunk size', `${requestHead(put, host, chunked)}-3\r\nabc\r\n0\r\n\r\n${hidden}`],
  ['a chunk size beyond 64 bits', `${requestHead(put, host, chunked)}10000000000000003\r\nabc\r\n0\r\n\r\n${hidden}`],
  ['a chunk longer than its size', `${requestHead(put, host, chunked)}3\r\nabcdef\r\n0\r\n\r\n${hidden}`],
  ['two Host headers', requestHead(get, host, 'Host: other') + hidden],
  ['two equal Host headers', requestHead(get, host, host) + hidden],
  ['a Host with a path', requestHead(get, 'Host: localhost/kv/b') + hidden],
  ['a Host with a NUL', requestHead(get, 'Host: local\0host') + hidden],
  ['no Host', requestHead(get) + hidden],
  ['a header that is folded', requestHead(get, host, 'X: a\r\n b') + hidden],
  ['a header that begins with a space', requestHead(get, ' X: a', host) + hidden],
  ['a NUL in a header', requestHead(get, host, 'X: a\0b') + hidden],
  ['a NUL in the name of a header', requestHead(get, host, 'X\0: a') + hidden],
  ['a carriage return in a header', requestHead(get, host, 'X: a\rY: b') + hidden],
  ['a NUL in the target', requestHead('GET /kv/a\0b HTTP/1.1', host) + hidden],
  ['a tab between the parts of the request line', requestHead('GET\t/kv/a\tHTTP/1.1', host) + hidden],
  ['a space in the target', requestHead('GET /kv/a b HTTP/1.1', host) + hidden],
  ['HTTP/1.1 twice', requestHead('GET /kv/a HTTP/1.1 HTTP/1.1', host) + hidden],
  ['HTTP/0.9', `GET /kv/a\r\n${hidden}`],
  ['HTTP/2 without TLS', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  ['a method in lower case', requestHead('get /kv/a HTTP/1.1', host) + hidden],
  ['CONNECT', requestHead('CONNECT localhost:8083 HTTP/1.1', host) + hidden],
  ['a target without a slash', requestHead('GET kv/a HTTP/1.1', host) + hidden],
  ['a raw byte in the target', requestHead('GET /kv/caf\xe9 HTTP/1.1', host) + hidden],
  ['a Host of 300 bytes', requestHead(get, `Host: ${'a'.repeat(300)}`) + hidden],
];

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('the edge refuses', () => {
  for (const [what, bytes] of refused) {
    test(what, async () => {
      const before = edge.seen().length;
      const wire = await Wire.open(edge.url);
      try {
        await wire.write(latin1(bytes));
        if (what === 'HTTP/0.9') {
          // Its answers are a body alone.
          await wire.ended();
          ok(wire.pending.startsWith('{"type":"urn:stratakv:problem:invalid-header"'), wire.pending);
        } else {
          const answer = await wire.answer();
          ok([400, 415].includes(answer.status), answer.describe());
          checkProblemAnswer(answer);
          await wire.ended();
          equal(wire.pending, '', 'no second answer');
        }
      } finally {
        wire.close();
      }
      deepEqual(edge.seen().slice(before), [], 'nothing has reached a gateway');
    });
  }
});

/** What nginx takes although stricter servers would not. It says everything anew, so the next hop cannot read it otherwise. */
const taken: readonly (readonly [
  what: string,
  bytes: string,
  seen: { bytes: number; headers: Record<string, string[]> },
])[] = [
  [
    'a line that ends without a carriage return (RFC 9112 §2.2 allows it)',
    requestHead(get, host, 'X-Bare: a\nX-Next: b', 'Connection: close'),
    { bytes: 0, headers: { 'x-bare': ['a'], 'x-next': ['b'] } },
  ],
  [
    'a header without a colon',
    requestHead(get, host, 'X-Nothing', 'Connection: close'),
    { bytes: 0, headers: { 'x-nothing': [''] } },
  ],
  [
    'chunk extensions and trailers',
    `${requestHead(put, host, chunked, 'Connection: close')}3;ext=1\r\nabc\r\n0\r\nX-Trailer: a\r\nContent-Length: 9\r\n\r\n`,
    { bytes: 3, headers: { 'x-trailer': [], 'content-length': ['3'] } },
  ],
  [
    'chunks whose sizes end without a carriage return',
    `${requestHead(put, host, chunked, 'Connection: close')}3\nabc\r\n0\n\r\n`,
    { bytes: 3, headers: { 'content-length': ['3'] } },
  ],
  [
    'chunk sizes with zeros in front',
    `${requestHead(put, host, chunked, 'Connection: close')}0000000003\r\nabc\r\n0\r\n\r\n`,
    { bytes: 3, headers: { 'content-length': ['3'] } },
  ],
  [
    'a body of a GET, which is not taken for a request',
    `${requestHead(get, host, `Content-Length: ${hidden.length}`, 'Connection: close')}${hidden}`,
    // Fastify reads no body of a GET.
    { bytes: 0, headers: { 'content-length': [String(hidden.length)] } },
  ],
];

describe('the edge makes one clear request of', () => {
  for (const [what, bytes, { bytes: length, headers }] of taken) {
    test(what, async () => {
      const before = edge.seen().length;
      const wire = await Wire.open(edge.url);
      try {
        await wire.write(latin1(bytes));
        const answer = await wire.answer();
        equal(answer.status, 200, answer.describe());
        await wire.ended();
        equal(wire.pending, '');
      } finally {
        wire.close();
      }
      const [seen, ...more] = edge.seen().slice(before);
      ok(seen);
      deepEqual(more, []);
      equal(seen.bytes, length);
      equal(seen.target, '/kv/a');
      deepEqual(headerValues(seen, 'transfer-encoding'), []);
      for (const [name, values] of Object.entries(headers)) deepEqual(headerValues(seen, name), values, name);
    });
  }

  test('an answer is never the answer to somebody else: connections to Envoy and gateways are shared by many', async () => {
    const clients = Array.from({ length: 8 }, () => new HttpClient(edge.url));
    for (let round = 0; round < 10; round += 1) {
      const attacks = [1, 2, 3, 4].map(async (number) => {
        const wire = await Wire.open(edge.url);
        await wire.write(latin1(refused[(round * 4 + number) % refused.length]?.[1] ?? ''));
        wire.close();
      });
      const reads = clients.map(async (client, number) => {
        const { target } = (await client.request('GET', `/kv/${number}-${round}`)).json() as Seen;
        equal(target, `/kv/${number}-${round}`);
      });
      await Promise.all([...attacks, ...reads]);
    }
  });
});
