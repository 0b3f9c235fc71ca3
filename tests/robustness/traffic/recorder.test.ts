import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call, Request } from '../history/call.ts';
import { patient } from './choices.ts';
import { Recorder } from './recorder.ts';

interface Received {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly port: number | undefined;
}

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

/** A server of this test that answers as it is told. */
const received: Received[] = [];
let behave: Behaviour = (response) => response.writeHead(404).end();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return;
  }
  const { method, url, headers, socket } = request;
  received.push({ line: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString(), port: socket.remotePort });
  behave(response, request);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let calls: Call[] = [];
let client = new Recorder(url, (call) => calls.push(call)).client('c');
beforeEach(() => {
  received.length = 0;
  calls = [];
  client.close();
  client = new Recorder(url, (call) => calls.push(call)).client('c');
});
after(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

const operation = 'AaITUhQEAAx6BtdMoyDdMZvZihWBuU5g';
const put: Request = { kind: 'put', key: 'a b/é?', value: 'ü', ttlSeconds: 2, waitSeconds: 3, idempotencyKey: 'i' };

test('requests are sent as they are noted', async () => {
  await client.send({ ...put, condition: { kind: 'version', version: 5 } }, patient);
  await client.send({ kind: 'delete', key: 'k', condition: { kind: 'absent' } }, patient);
  await client.send({ kind: 'delete', key: 'k', condition: { kind: 'present' } }, patient);
  const level = { kind: 'max-age', seconds: 3 } as const;
  await client.send({ kind: 'get', key: 'k', level, syncTokens: ['x', 'y'], waitSeconds: 1 }, patient);
  await client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, patient);
  await client.send({ kind: 'list', prefix: 'a/', delimiter: '/', limit: 5, cursor: 'c=' }, patient);
  await client.send({ kind: 'operation', id: operation, waitSeconds: 2 }, patient);
  const lines = received.map(({ line }) => line);
  deepEqual(lines, [
    'PUT /kv/a%20b/%C3%A9%3F',
    'DELETE /kv/k',
    'DELETE /kv/k',
    'GET /kv/k',
    'GET /kv/k',
    'GET /kv?prefix=a%2F&delimiter=%2F&limit=5&cursor=c%3D',
    `GET /operations/${operation}`,
  ]);
  const [first, absent, present, read, cached] = received.map(({ headers }) => headers);
  equal(received[0]?.body, 'ü');
  equal(first?.['if-match'], '"5"');
  equal(first?.['kv-ttl'], '2');
  equal(first?.prefer, 'wait=3');
  equal(first?.['idempotency-key'], 'i');
  equal(absent?.['if-none-match'], '*');
  equal(present?.['if-match'], '*');
  equal(read?.['cache-control'], 'max-age=3');
  equal(read?.['sync-token'], 'x, y');
  equal(cached?.['cache-control'], undefined);
  equal(new Set(received.map(({ port }) => port)).size, 1, 'one connection');
});

function answering(status: number, headers: Record<string, string>, body = ''): Behaviour {
  return (response) => response.writeHead(status, headers).end(body);
}

test('what an answer says is noted', async () => {
  const expires = '2026-11-25T06:39:04.231Z';
  const named = { 'Sync-Token': operation, Link: `</operations/${operation}>; rel="monitor"` };
  behave = answering(201, { ...named, ETag: '"7"', 'KV-Expires': expires, Location: '/kv/k' });
  await client.send(put, patient);
  behave = answering(202, { Location: `/operations/${operation}` }, JSON.stringify({ id: operation }));
  await client.send(put, patient);
  const problem = {
    type: 'urn:stratakv:problem:version-mismatch',
    currentVersion: 9,
    operation: `/operations/${operation}`,
  };
  behave = answering(412, { 'Content-Type': 'application/problem+json' }, JSON.stringify(problem));
  await client.send(put, patient);
  behave = answering(200, { ETag: '"8"', Age: '4' }, 'value');
  await client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, patient);
  const entries = [{ key: 'k', version: 8, size: 1, contentType: 't', modifiedAt: expires, expiresAt: expires }];
  behave = answering(200, {}, JSON.stringify({ entries, prefixes: ['p/'], next: '/kv?prefix=&cursor=a%3D' }));
  await client.send({ kind: 'list', prefix: '' }, patient);
  const receipt = { id: operation, status: 'rejected', action: 'put', key: 'k', problem, links: {} };
  behave = answering(200, {}, JSON.stringify(receipt));
  await client.send({ kind: 'operation', id: operation }, patient);
  const answers = calls.map(({ result }) => JSON.parse(JSON.stringify(result)).answer);
  const at = Date.parse(expires);
  deepEqual(answers, [
    { status: 201, version: 7, expiresAt: at, operation },
    { status: 202, operation },
    { status: 412, problem: 'version-mismatch', currentVersion: 9, operation },
    { status: 200, value: 'value', version: 8, ageSeconds: 4 },
    { status: 200, page: { entries: [{ key: 'k', version: 8, expiresAt: at }], prefixes: ['p/'], next: 'a=' } },
    {
      status: 200,
      receipt: {
        id: operation,
        status: 'rejected',
        action: 'put',
        key: 'k',
        problem: 'version-mismatch',
        currentVersion: 9,
      },
    },
  ]);
  deepEqual(
    calls.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6],
  );
});

test('an answer that names two operations, or has a malformed part, ends the run', async () => {
  behave = answering(204, { 'Sync-Token': operation, Link: '</operations/another>; rel="monitor"' });
  await rejects(client.send(put, patient), /names the operations another and/);
  behave = answering(200, { ETag: 'W/"5"' }, 'x');
  await rejects(client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, patient), /ETag/);
  behave = answering(200, {}, '{"entries":');
  await rejects(client.send({ kind: 'list', prefix: '' }, patient), /cannot be read/);
});

test('who waits no longer has lost the answer when he gives up, and is not answered by it later', async () => {
  behave = (response) => setTimeout(() => response.end('late'), 150);
  const late = await client.send(put, { timeoutMs: 40 });
  deepEqual(late.result, { kind: 'lost', how: 'timeout' });
  ok(late.endedAt - late.startedAt < 140, `${late.endedAt - late.startedAt} ms`);
  await sleep(150);
  behave = answering(200, { ETag: '"1"' }, 'own');
  const next = await client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, patient);
  equal(next.result.kind === 'answer' && next.result.answer.value, 'own');
});

test('a time-out holds for the body too', async () => {
  behave = (response) => response.writeHead(200, { ETag: '"1"' }).write('half');
  const call = await client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, { timeoutMs: 60 });
  deepEqual(call.result, { kind: 'lost', how: 'timeout' });
});

test('who hangs up has lost the answer, and the server sees him go', async () => {
  const gone = Promise.withResolvers<void>();
  behave = (_response, request) => request.socket.once('close', () => gone.resolve());
  const call = await client.send(put, { ...patient, hangUpAfterMs: 30 });
  deepEqual(call.result, { kind: 'lost', how: 'hung-up' });
  await gone.promise;
});

test('a connection that is reset, before the answer or in it, loses the answer and is not used again', async () => {
  behave = (_response, request) => request.socket.resetAndDestroy();
  deepEqual((await client.send(put, patient)).result, { kind: 'lost', how: 'reset' });
  behave = (response, request) => {
    response.writeHead(200, { ETag: '"1"', 'Content-Length': '10' }).write('half', () => request.socket.destroy());
  };
  const cut = await client.send({ kind: 'get', key: 'k', level: { kind: 'cached' } }, patient);
  deepEqual(cut.result, { kind: 'lost', how: 'reset' });
  equal(received.length, 2, 'nothing was sent again');
  behave = answering(204, { 'Sync-Token': operation });
  equal((await client.send({ kind: 'delete', key: 'k' }, patient)).result.kind, 'answer');
});

test('a server that is not there is a reset', async () => {
  const nobody = new Recorder('http://127.0.0.1:1', () => {}).client('c');
  deepEqual((await nobody.send(put, patient)).result, { kind: 'lost', how: 'reset' });
});
