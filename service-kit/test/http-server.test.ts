import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeHttpServer, createHttpServer, createLogger, type HttpServerOptions } from '../src/index.ts';
import { exchange, open, parseAnswer } from './raw-socket.ts';

async function listening(t: TestContext, options: Partial<HttpServerOptions> = {}, stream?: PassThrough) {
  const app = createHttpServer({ logger: createLogger({ service: 'test', level: 'silent' }), ...options });
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.get('/kv/*', (_request, reply) => reply.send('value'));
  app.put('/kv/*', (_request, reply) => reply.send('stored'));
  app.get('/stream', (_request, reply) => reply.send(stream));
  app.get('/slow', async () => {
    await sleep(200);
    return 'slow';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => closeHttpServer(app, 0));
  return app;
}

function assertProblem(answer: ReturnType<typeof parseAnswer>, status: number, code: string): void {
  assert.equal(answer.status, status, answer.head);
  assert.match(answer.head, /content-type: application\/problem\+json(\r|$)/);
  assert.match(answer.head, /x-request-id: \S+/);
  const document = JSON.parse(answer.body);
  assert.deepEqual([document.status, document.type], [status, `urn:stratakv:problem:${code}`]);
}

test('request ids are taken when they are clean, made otherwise', async (t) => {
  const app = await listening(t);
  const idOf = async (sent: string) =>
    String((await app.inject({ url: '/kv/a', headers: { 'x-request-id': sent } })).headers['x-request-id']);
  assert.equal(await idOf('client-1'), 'client-1');
  assert.notEqual(await idOf('two words'), 'two words');
  assert.notEqual(await idOf('x'.repeat(129)), 'x'.repeat(129));
  assert.notEqual(await idOf(''), await idOf(''));
});

test('Host: none or two are refused', async (t) => {
  const app = await listening(t);
  const get = (headers: string) => exchange(app, `GET /kv/a HTTP/1.1\r\n${headers}connection: close\r\n\r\n`);
  assert.equal((await get('Host: a\r\n')).status, 200);
  assertProblem(await get('Host: a\r\nhOST: a\r\n'), 400, 'invalid-header');
  assertProblem(await get(''), 400, 'invalid-header');
  assert.equal((await exchange(app, 'GET /kv/a HTTP/1.0\r\n\r\n')).status, 200);
});

test('what is not HTTP gets a problem too', async (t) => {
  const app = await listening(t);
  assertProblem(await exchange(app, 'NONSENSE\r\n\r\n'), 400, 'invalid-header');
  const big = `GET /kv/a HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(64 * 1024)}\r\n\r\n`;
  assertProblem(await exchange(app, big), 431, 'invalid-header');
  const expects = 'PUT /kv/a HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 1\r\n\r\n';
  assertProblem(await exchange(app, expects), 417, 'invalid-header');
});

test('a request that does not arrive in time gets 408', async (t) => {
  const app = await listening(t, { headersTimeoutMs: 100, requestTimeoutMs: 200 });
  // The house interval is 5 s; the check is what is tested here, not the wait.
  const answer = await exchange(app, 'GET /kv/a HTTP/1.1\r\nHost:');
  assertProblem(answer, 408, 'invalid-header');
});

test('nothing is added behind an answer that has begun', async (t) => {
  const body = new PassThrough();
  body.write('part');
  const app = await listening(t, {}, body);
  const socket = await open(app);
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  while (!received.includes('part')) await once(socket, 'data');
  socket.write('NONSENSE\r\n\r\n');
  await once(socket, 'close');
  assert.equal(received.match(/HTTP\/1\.1/g)?.length, 1, received);
});

test('413 is readable by a client that sends on', async (t) => {
  const app = await listening(t, { bodyLimitBytes: 1024 });
  const size = 8 * 1024 * 1024;
  const head = `PUT /kv/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n`;
  const socket = await open(app);
  socket.write(head);
  socket.write(Buffer.alloc(size));
  const [data] = await once(socket, 'data');
  const answer = parseAnswer(String(data));
  assertProblem(answer, 413, 'value-too-large');
  // The connection is still good: the rest was read and dropped.
  await sleep(100);
  socket.write('GET /kv/a HTTP/1.1\r\nHost: a\r\n\r\n');
  const [next] = await once(socket, 'data');
  assert.equal(parseAnswer(String(next)).status, 200);
  socket.destroy();
});

test('413 for a chunked body as soon as it is over the limit', async (t) => {
  const app = await listening(t, { bodyLimitBytes: 1024 });
  const head =
    'PUT /kv/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const socket = await open(app);
  socket.write(head);
  for (let chunk = 0; chunk < 256; chunk += 1) socket.write(`8000\r\n${'x'.repeat(0x8000)}\r\n`);
  const [data] = await once(socket, 'data');
  assertProblem(parseAnswer(String(data)), 413, 'value-too-large');
  socket.destroy();
});

test('a request under way is answered with Connection: close when the server closes', async (t) => {
  const app = await listening(t);
  const answer = exchange(app, 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await sleep(50);
  const startedAt = performance.now();
  await closeHttpServer(app, 5000);
  assert.ok(performance.now() - startedAt < 2000, 'the kept-alive connection held the close');
  assert.match((await answer).head, /connection: close/);
});

test('a connection that never sent anything is cut at once, one in the middle of a request after the grace', async (t) => {
  const app = await listening(t);
  const unused = await open(app);
  const closedAt = async (graceMs: number) => {
    const startedAt = performance.now();
    await closeHttpServer(app, graceMs);
    return performance.now() - startedAt;
  };
  assert.ok((await closedAt(10_000)) < 5000);
  unused.destroy();

  const other = await listening(t);
  const busy = await open(other);
  busy.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(other.server, 'request');
  const startedAt = performance.now();
  await closeHttpServer(other, 100);
  assert.ok(performance.now() - startedAt < 5000);
  busy.destroy();
});

test('only slow and failed requests are logged, without the query', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', destination: { write: (line) => void lines.push(line) } });
  const app = await listening(t, { logger, slowMs: 100 });
  await app.inject('/kv/a');
  await app.inject('/slow?token=t');
  const slow = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request was slow');
  assert.equal(slow.length, 1);
  assert.equal(lines.length, 1);
  assert.deepEqual([slow[0].route, slow[0].path, slow[0].status, slow[0].method], ['/slow', '/slow', 200, 'GET']);
});
