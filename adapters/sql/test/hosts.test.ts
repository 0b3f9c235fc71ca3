import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@stratakv/core/testing';
import { HostRotation } from '../src/host-rotation.ts';
import { openSqlReader, type SqlObserver } from '../src/index.ts';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test('hosts take turns, and one that failed is left alone while there are others', () => {
  const hosts = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
  const rotation = new HostRotation(hosts);
  const turns = (count: number) => Array.from({ length: count }, () => rotation.next().host);
  const first = turns(6);
  assert.deepEqual(new Set(first.slice(0, 3)).size, 3);
  assert.deepEqual(first.slice(0, 3), first.slice(3));
  const [a, b, c] = hosts;
  assert.ok(a && b && c);
  rotation.failed(b);
  assert.deepEqual(new Set(turns(6)), new Set(['a', 'c']));
  rotation.failed(a);
  rotation.failed(c);
  assert.equal(rotation.next().host, 'b', 'the one that rested longest');
  rotation.worked(c);
  assert.deepEqual(turns(3), ['c', 'c', 'c']);
});

test('with one host dead and one that never answers, the third one serves', async () => {
  const schema = await server.createSchema();
  await (await schema.open()).close();
  const [dead, silent, sound] = await Promise.all([schema.proxy(), schema.proxy(), schema.proxy()]);
  const { port: deadPort } = dead;
  await dead.close();
  silent.onRequest = () => 'hold';
  const failed: string[] = [];
  const observer: SqlObserver = { onConnectFailure: (host) => void failed.push(host) };
  const url = schema.url([deadPort, silent.port, sound.port]);
  const timeouts = { connectMs: 300 };
  const readers = Array.from({ length: 6 }, () => openSqlReader({ url, timeouts, observer, maxConnections: 3 }));
  try {
    // Each begins with a host of its own choice.
    await Promise.all(readers.map((reader) => reader.check()));
    const seen = failed.length;
    const startedAt = performance.now();
    await Promise.all(readers.flatMap((reader) => Array.from({ length: 10 }, () => reader.check())));
    assert.ok(performance.now() - startedAt < 3000);
    assert.ok(sound.accepted >= 6);
    assert.ok(failed.length - seen <= 12, 'hosts that failed are left alone');
    assert.ok(failed.every((host) => host === `127.0.0.1:${deadPort}` || host === `127.0.0.1:${silent.port}`));
  } finally {
    await Promise.all([silent.close(), sound.close()]);
    await Promise.all(readers.map((reader) => reader.close()));
  }
});

test('when the host in use dies, calls go to another one', async () => {
  const schema = await server.createSchema();
  await (await schema.open()).close();
  const [one, two] = await Promise.all([schema.proxy(), schema.proxy()]);
  const reader = openSqlReader({ url: schema.url([one.port, two.port]), maxConnections: 2 });
  try {
    await Promise.all([reader.check(), reader.check()]);
    assert.deepEqual([one.accepted, two.accepted], [1, 1], 'connections spread');
    await one.close();
    await eventually('the pool has noticed', () => reader.poolStats.open === 1);
    for (let call = 0; call < 5; call += 1) await reader.check();
    await Promise.all([1, 2, 3, 4].map(() => reader.check()));
  } finally {
    await two.close();
    await reader.close();
  }
});

test('a standby is not taken: reads of it would miss writes', async () => {
  const schema = await server.createSchema();
  await (await schema.open()).close();
  // Before the catalog in the search path, this one answers for the server.
  await schema.query('CREATE FUNCTION pg_is_in_recovery() RETURNS bool LANGUAGE sql AS $$ SELECT true $$');
  const errors: string[] = [];
  const observer: SqlObserver = { onConnectFailure: (_, error) => void errors.push(error.message) };
  const reader = openSqlReader({ url: schema.url([], {}, `-csearch_path=${schema.name},pg_catalog`), observer });
  try {
    await assert.rejects(reader.check(), { code: 'unavailable' });
    assert.deepEqual(errors, ['the server is a standby']);
  } finally {
    await reader.close();
  }
});

test('a password that is wrong is told to the operator, not to the client', async () => {
  const schema = await server.createSchema();
  const errors: string[] = [];
  const observer: SqlObserver = { onConnectFailure: (_, error) => void errors.push(error.message) };
  const reader = openSqlReader({ url: schema.url().replace(/:[^:@/]+@/, ':hunter2@'), observer });
  try {
    await assert.rejects(reader.check(), (error: Error) => {
      assert.equal(error.message, 'The database cannot be reached.');
      return true;
    });
    assert.match(errors.join(), /password authentication failed/);
  } finally {
    await reader.close();
  }
});
