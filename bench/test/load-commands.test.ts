import { equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../native/src/program.ts';
import { startEmbedded } from '../../tests/framework/embedded-target.ts';
import { eventually } from '../../tests/framework/eventually.ts';
import { withoutStoreSettings } from '../../tests/framework/store-environment.ts';
import type { Target } from '../../tests/framework/target.ts';

/* The commands that put a load on a store, from outside. */

const fast = ['--duration', '3s', '--rate', '70', '--keys', '50', '--connections', '8'];

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(name: 'k6' | 'quick', ...args: readonly string[]): Promise<Ended> {
  const main = fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { env: withoutStoreSettings(process.env) });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Something that looks ready and takes every write, but whose values are not those that were written. */
function answerWrongly(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.url === '/readyz') response.end('{}');
  else if (request.url?.startsWith('/kv?')) response.end('{"entries":[],"prefixes":[]}');
  else if (request.method === 'GET') response.end('another value');
  else response.writeHead(request.method === 'PUT' ? 204 : 202).end();
}

/** The same, but it has no time for reads. */
function shedReads(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' || !request.url?.startsWith('/kv/')) answerWrongly(request, response);
  else response.writeHead(503, { 'Retry-After': '1' }).end();
}

async function listen(answer = answerWrongly): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The deletes were queued, and are applied soon. */
function nothingUnder({ url }: Target, prefix: string): Promise<void> {
  return eventually(async () => {
    const list = (await (await fetch(`${url}/kv?prefix=${prefix}`)).json()) as { entries: unknown[] };
    equal(list.entries.length, 0);
  });
}

describe('the load commands', () => {
  let store: Target;
  before(async () => {
    // Says which command installs it.
    findProgram('k6');
    store = await startEmbedded({});
  });
  after(() => store?.close());

  test('k6 judges a store that is well, and leaves nothing in it', async () => {
    const { code, output } = await run('k6', 'smoke', '--url', store.url, ...fast);
    equal(code, 0, output);
    match(output, /Every threshold holds/);
    match(output, /\| `GET` with `Sync-Token` \| [1-9]/);
    match(output, / 0 shed .* 0 unexpected, /);
    await nothingUnder(store, 'k6/');
  });

  test('k6 fails on a store that answers with other bytes', async () => {
    const server = await listen();
    const { code, output } = await run('k6', 'smoke', '--url', server.url, ...fast);
    server.close();
    equal(code, 1, output);
    match(output, /k6: GET \/kv\/k6\/smoke-\S+ \(get\): 200 .*another value/);
    match(output, /unexpected answers: \d+, not count==0/);
    match(output, /k6: … and \d+ more lines/);
  });

  test('k6 tells apart what was shed', async () => {
    const server = await listen(shedReads);
    const args = ['--duration', '1s', '--rate', '50', '--keys', '10', '--connections', '8'];
    const { code, output } = await run('k6', 'smoke', '--url', server.url, ...args);
    server.close();
    equal(code, 1, output);
    match(output, /shed: [1-9]\d*, not count==0/);
    match(output, /\| `GET`, cached \| 0 \| 0\.00 \|.* \| [1-9]\d* \| 0 \|\n/);
  });

  test('k6 says that there is no store', async () => {
    const server = await listen();
    server.close();
    const { code, output } = await run('k6', 'smoke', '--url', server.url);
    equal(code, 1, output);
    ok(output.includes(`Nothing answers at ${server.url}: connect ECONNREFUSED`), output);
  });

  test('a scenario that does not exist', async () => {
    const { code, output } = await run('k6', 'smoek', '--url', store.url);
    equal(code, 2, output);
    match(output, /^There is no scenario smoek\.\n\nUsage: npm run k6/);
  });

  test('autocannon runs every load, and leaves nothing', async () => {
    const { code, output } = await run('quick', '--url', store.url, '--duration', '1');
    equal(code, 0, output);
    equal([...output.matchAll(/^\S.* +[\d,.]+ +[\d,.]+ +[\d,.]+ +[\d,.]+$/gm)].length, 4, output);
    await nothingUnder(store, 'bench/');
  });

  test('autocannon notices other bytes', async () => {
    const server = await listen();
    const { code, output } = await run('quick', 'get', '--url', server.url, '--duration', '1');
    server.close();
    equal(code, 1, output);
    match(output, /GET`, cached: \d+ answers had other bytes than the value/);
  });
});
