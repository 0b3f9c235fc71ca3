import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { eventually } from '../framework/eventually.ts';
import { HttpClient } from '../framework/http.ts';
import { rawExchange } from '../framework/wire.ts';
import { type Edge, startEdge } from './edge.ts';

type Line = Readonly<Record<string, unknown>>;

/** The lines of a log that are about requests. */
function requestLines(file: string): Line[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

function linesOf({ nginx, envoys }: Edge): { readonly nginx: readonly Line[]; readonly envoy: readonly Line[] } {
  return { nginx: requestLines(nginx.logFile), envoy: envoys.flatMap((envoy) => requestLines(envoy.logFile)) };
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

describe('the log of all requests', async () => {
  const edge = await startEdge({ gatewayCount: 1, accessLog: 'all' });
  after(() => edge.close());
  const client = new HttpClient(edge.url);

  test('has a line of each hop, found by the trace id and by the request id', async () => {
    await client.request('PUT', '/kv/a?x', { body: 'hello', headers: { traceparent, 'X-Request-Id': '"my-own"' } });
    await eventually(async () => {
      const { nginx, envoy } = linesOf(edge);
      const [outer] = nginx.filter((line) => line.traceId === traceId);
      const [inner] = envoy.filter((line) => line.traceparent === traceparent);
      ok(outer && inner);
      for (const line of [outer, inner]) {
        equal(line.requestId, '"my-own"');
        equal(line.method, 'PUT');
        equal(line.path, '/kv/a?x');
        equal(line.status, 200);
      }
      deepEqual([outer.service, inner.service], ['nginx', 'envoy']);
      equal(inner.upstream, `127.0.0.1:${edge.gateways[0]?.port}`);
    });
  });

  test('has a line of what nginx refuses, with the method as it was sent', async () => {
    await client.request('PUT', '/kv/%', { body: 'x' });
    const answer = await rawExchange(edge.url, Buffer.from([0x16, 3, 1, 0xff, 0x0d, 0x0a, 0x0d, 0x0a]));
    await eventually(async () => {
      const { nginx } = linesOf(edge);
      ok(nginx.some(({ method, status }) => method === 'PUT' && status === 400));
      ok(nginx.some(({ requestId, status }) => requestId === answer.header('x-request-id') && status === 400));
    });
  });

  test('has the id of the answer where nginx had to replace one', async () => {
    const headers = { 'X-Request-Id': '"quoted"' };
    const answer = await client.request('GET', '/metrics', { headers });
    equal(answer.status, 404);
    await eventually(async () => {
      const line = linesOf(edge).nginx.find(({ path }) => path === '/metrics');
      ok(line);
      equal(line.requestId, answer.header('x-request-id'));
    });
  });

  test('does not grow with the paths of clients', async () => {
    await client.request('GET', `/kv/${'long'.repeat(2_000)}`);
    await eventually(async () => {
      const { nginx, envoy } = linesOf(edge);
      for (const lines of [nginx, envoy]) {
        const line = lines.find(({ path }) => String(path).startsWith('/kv/long'));
        equal(String(line?.path).length, 200);
      }
    });
  });
});

describe('the log of notable requests', async () => {
  const edge = await startEdge({ gatewayCount: 1, accessLog: 'notable' });
  after(() => edge.close());
  const client = new HttpClient(edge.url);

  test('leaves out reads that went well, and has writes, failures, slow requests and those with a name', async () => {
    await client.request('GET', '/kv/plain');
    await client.request('GET', '/kv/absent', { headers: { Do: 'status=404' } });
    await client.request('PUT', '/kv/write', { body: 'x' });
    await client.request('DELETE', '/kv/write');
    await client.request('GET', '/kv/failed', { headers: { Do: 'status=500' } });
    await client.request('GET', '/kv/slow', { headers: { Do: 'delay=1100', Prefer: 'wait=5' } });
    await client.request('GET', '/kv/named', { headers: { 'X-Request-Id': 'my-own' } });
    await client.request('GET', '/kv/traced', { headers: { traceparent } });
    await client.request('GET', '/kv/uncached', { headers: { Do: 'status=504' } });
    await client.request('GET', '/kv/posing', { headers: { 'X-Is-Named': '1' } });
    await eventually(async () => {
      const { nginx, envoy } = linesOf(edge);
      for (const lines of [nginx, envoy]) {
        const paths = lines.map(({ path }) => path).toSorted();
        deepEqual(paths, ['/kv/failed', '/kv/named', '/kv/slow', '/kv/traced', '/kv/write', '/kv/write']);
      }
    });
  });
});

describe('no log', async () => {
  const edge = await startEdge({ gatewayCount: 1, accessLog: 'off' });
  after(() => edge.close());

  test('has no lines', async () => {
    equal((await new HttpClient(edge.url).request('PUT', '/kv/write', { body: 'x' })).status, 200);
    await edge.nginx.stop();
    deepEqual(linesOf(edge), { nginx: [], envoy: [] });
  });
});
