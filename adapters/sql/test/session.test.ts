import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keyIn, putOf, SoleConsumer } from '@stratakv/core/testing';
import { parseDatabaseUrl } from '../src/database-url.ts';
import { defaultTimeouts, openSqlReader } from '../src/index.ts';
import { SessionClient } from '../src/session.ts';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

/** Opens a session by a URL and reads a setting of it. */
async function settingsOf(url: string, names: readonly string[]): Promise<string[]> {
  const address = parseDatabaseUrl(url);
  const [host] = address.hosts;
  assert.ok(host);
  const client = new SessionClient(host, { address, tls: false, timeouts: defaultTimeouts, applicationName: 'test' });
  await client.open(5000);
  const values: string[] = [];
  for (const name of names) {
    const text = `SELECT current_setting('${name}') AS value`;
    const [row] = await client.ask<{ value: string }>({ name: '', text });
    values.push(row?.value ?? '');
  }
  await client.end();
  await client.ended;
  return values;
}

test('a commit that is answered is on disk, unless the server asks for more', async () => {
  const schema = await server.createSchema();
  for (const [set, expected] of [
    ['off', 'on'],
    ['local', 'local'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ]) {
    const url = schema.url([], {}, `-csynchronous_commit=${set}`);
    assert.deepEqual(await settingsOf(url, ['synchronous_commit']), [expected]);
  }
});

test('the server knows all bounds on time', async () => {
  const schema = await server.createSchema();
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name'];
  assert.deepEqual(await settingsOf(schema.url(), names), ['5s', '4s', '3s', 'test']);
});

test('bytes are read as they are, however the server likes to write them', async () => {
  const schema = await server.createSchema();
  const database = await schema.open({
    url: schema.url([], {}, '-cbytea_output=escape -cstandard_conforming_strings=off'),
  });
  const reader = openSqlReader({ url: schema.url([], {}, '-cbytea_output=escape') });
  try {
    const value = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const put = putOf(keyIn(1, '\\x41'), value);
    await new SoleConsumer(database.store).apply(put);
    const [entry] = (await reader.batchGet([put.key])).entries;
    assert.equal(entry?.key, put.key);
    assert.equal(Buffer.compare(entry?.value ?? Buffer.alloc(0), value), 0);
  } finally {
    await Promise.all([database.close(), reader.close()]);
  }
});
