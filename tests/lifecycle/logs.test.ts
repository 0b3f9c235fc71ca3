import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { HttpClient } from '../framework/http.ts';
import { clientOf, type Environment, startStore, temporaryFolder } from '../framework/store-process.ts';
import { requestHead, Wire } from '../framework/wire.ts';

const folder = await temporaryFolder();
const secret = 'do-not-log-this-value';
const retryKey = 'do-not-log-this-idempotency-key';
const token = 'do-not-log-this-token';
// A line break and a bidi override, percent-encoded in the path and raw in a batch.
const nastyPath = 'nasty%E2%80%AEkey%0A';
const nastyKey = 'nasty\u202Ekey';

/** Does a little of everything, refused requests included, and gives the whole output. */
async function exercise(name: string, environment: Environment): Promise<{ output: string; log: readonly string[] }> {
  const store = await startStore(join(folder, name), environment);
  const client = clientOf(store);
  const headers = { 'Idempotency-Key': retryKey, Authorization: `Bearer ${token}`, Cookie: token };
  await client.put(nastyKey, secret, { wait: 10, headers });
  await client.put(nastyKey, `${secret} other`, { wait: 10, headers });
  await client.put(nastyKey, secret, { wait: 10, headers: { ...headers, 'If-Match': '"1"', 'KV-Meta-Note': secret } });
  await client.put(nastyKey, secret.repeat(200_000), { headers });
  await client.request('PUT', `/kv/${nastyPath}`, { headers, body: secret });
  await client.batch([nastyKey]);
  await client.postBatch(`{"keys": ["${secret}`);
  await client.delete(nastyKey, { wait: 10, headers });
  const wire = await Wire.open(store.url);
  await wire.write(`${requestHead('PUT /kv/cut HTTP/1.1', 'Host: store', 'Content-Length: 100')}${secret}`);
  wire.cut();
  await client.request('GET', '/healthz');
  equal((await store.terminated()).code, 0);
  return { output: store.output, log: store.log };
}

for (const level of ['info', 'trace']) {
  test(`at ${level}, no log line holds a value, an Idempotency-Key or credentials`, async () => {
    const { output, log } = await exercise(level, { LOG_LEVEL: level });
    for (const hidden of [secret, retryKey, token]) ok(!output.includes(hidden), `${hidden} in:\n${output}`);
    for (const line of log) {
      const entry = JSON.parse(line) as { level: string; time: string; service: string; msg: string };
      match(entry.time, /^\d{4}-\d\d-\d\dT.*Z$/);
      equal(entry.service, 'embedded');
    }
  });
}

test('requests that are neither slow nor failed leave no line', async () => {
  const { log } = await exercise('quiet', {});
  const messages = log.map((line) => (JSON.parse(line) as { msg: string }).msg);
  deepEqual(
    messages.filter((message) => message !== 'request was slow'),
    ['ready', 'closing', 'closed'],
  );
});

test('a failed request leaves one line, its key escaped and shortened', async () => {
  const store = await startStore(join(folder, 'failed'), { KV_MAX_WRITES_IN_FLIGHT: '1' });
  const http = new HttpClient(store.url);
  const wire = await Wire.open(store.url);
  await wire.write(requestHead('PUT /kv/slow HTTP/1.1', 'Host: store', 'Content-Length: 1'));
  await http.request('GET', '/healthz');
  const path = `/kv/${encodeURIComponent(nastyKey)}${'x'.repeat(200)}`;
  const answer = await http.request('PUT', path, { body: secret, headers: { 'Idempotency-Key': retryKey } });
  equal(answer.status, 503, answer.describe());
  const line = await store.logged(/"request failed"/);
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { level, method, route, status, requestId, path: logged } = entry;
  deepEqual({ level, method, route, status }, { level: 'info', method: 'PUT', route: '/kv/*', status: 503 });
  equal(requestId, answer.header('x-request-id'));
  ok(String(logged).length <= 64 && String(logged).startsWith('/kv/nasty'), String(logged));
  ok(!/[^\x20-\x7e…]/.test(line), `only printable characters in ${line}`);
  ok(!line.includes(secret) && !line.includes(retryKey));
  wire.close();
  http.forgetConnections();
  await store.killed();
});

test('LOG_FORMAT=pretty is text for people', async () => {
  const { log, output } = await exercise('pretty', { LOG_FORMAT: 'pretty' });
  match(log[0] ?? '', /^\[.*\] INFO: ready/);
  match(output, /url: "http:\/\/127\.0\.0\.1:\d+"/);
  ok(!output.includes(secret) && !output.includes(retryKey));
});
