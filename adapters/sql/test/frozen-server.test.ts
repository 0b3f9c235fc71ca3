import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { eventually, keyIn, newId, putOf, SoleConsumer } from '@stratakv/core/testing';
import type { SqlStoreOptions } from '../src/index.ts';
import { type TestSchema, TestServer } from './test-database.ts';

let server: TestServer;
let schema: TestSchema;
before(async () => {
  server = await TestServer.start();
});
beforeEach(async () => {
  schema = await server.createSchema();
});
after(() => server.close());

const timeouts: SqlStoreOptions['timeouts'] = { callMs: 800, connectMs: 500 };
const codeOf = (error: unknown) => (error instanceof StrataError ? error.code : String(error));

/** How a call ended, and after how long. */
async function timed(call: Promise<unknown>): Promise<{ outcome: string; ms: number }> {
  const startedAt = performance.now();
  const outcome = await call.then(() => 'ok', codeOf);
  return { outcome, ms: performance.now() - startedAt };
}

test('while the server is frozen calls reject by their deadline, and afterwards all is well', async () => {
  const database = await schema.open({ timeouts, maxConnections: 3 });
  const { store, reader } = database;
  const consumer = new SoleConsumer(store);
  try {
    await consumer.apply(putOf(keyIn(1), 'x'));
    await Promise.all([1, 2, 3].map(() => reader.check()));
    server.postgres.process.freeze();
    const late = putOf(keyIn(1), 'y');
    const list = { prefix: '', delimiter: undefined, after: undefined, limit: 10, maxBytes: 1000 };
    const calls = [
      ...Array.from({ length: 10 }, () => reader.operations([newId('k')])),
      reader.batchGet([keyIn(1)]),
      reader.scan(list),
      reader.installation(),
      store.check(),
      store.raiseFence(2),
      consumer.apply(late),
      store.expire(await consumer.fence(1), 10),
    ];
    for (const { outcome, ms } of await Promise.all(calls.map(timed))) {
      assert.equal(outcome, 'unavailable');
      assert.ok(ms < 2500, `a call took ${ms} ms`);
    }
    // What comes later is turned away as quickly, though all connections are new by now.
    const { outcome, ms } = await timed(reader.check());
    assert.deepEqual([outcome, ms < 2500], ['unavailable', true]);
    server.postgres.process.thaw();
    await eventually('the server answers again', async () => (await timed(reader.check())).outcome === 'ok');
    assert.ok((await consumer.applyOne(late)).kind !== 'refused');
    assert.equal(Buffer.from((await reader.batchGet([late.key])).entries[0]?.value ?? []).toString(), 'y');
    const { open, idle, waiting, max } = store.poolStats;
    assert.deepEqual([open === idle, waiting, max], [true, 0, 3]);
  } finally {
    server.postgres.process.thaw();
    await database.close();
  }
});

test('a server that was killed and started again is found again', async () => {
  const database = await schema.open({ timeouts });
  const consumer = new SoleConsumer(database.store);
  try {
    const kept = putOf(keyIn(1), 'kept');
    await consumer.apply(kept);
    await server.postgres.process.kill();
    const { outcome, ms } = await timed(consumer.apply(putOf(keyIn(1), 'x')));
    assert.deepEqual([outcome, ms < 2500], ['unavailable', true]);
    await server.postgres.process.start();
    await eventually('the server answers again', async () => (await timed(database.store.check())).outcome === 'ok');
    assert.equal((await consumer.applyOne(kept)).kind, 'duplicate');
    await consumer.apply(putOf(keyIn(1), 'y'));
  } finally {
    await database.close();
  }
});

test('calls beyond what may wait are turned away at once', async () => {
  const database = await schema.open({ timeouts, maxConnections: 2, maxWaiting: 3 });
  const { reader, store } = database;
  try {
    await Promise.all([reader.check(), reader.check()]);
    server.postgres.process.freeze();
    const calls = Array.from({ length: 10 }, () => timed(reader.check()));
    assert.equal(store.poolStats.waiting, 3);
    const results = await Promise.all(calls);
    const turnedAway = results.filter(({ outcome }) => outcome === 'overloaded');
    assert.equal(turnedAway.length, 5);
    assert.ok(turnedAway.every(({ ms }) => ms < 800));
    assert.equal(results.filter(({ outcome }) => outcome === 'unavailable').length, 5);
  } finally {
    server.postgres.process.thaw();
    await database.close();
  }
});

test('closing does not wait for a frozen server', async () => {
  const database = await schema.open({ timeouts });
  await database.reader.check();
  server.postgres.process.freeze();
  try {
    const pending = timed(database.reader.check());
    const { ms } = await timed(Promise.all([database.close(), database.close()]));
    assert.ok(ms < 3000, `closing took ${ms} ms`);
    assert.equal((await pending).outcome, 'unavailable');
    assert.equal((await timed(database.reader.check())).outcome, 'unavailable');
  } finally {
    server.postgres.process.thaw();
  }
});

test('connections that were silent during a fault are not trusted behind it', async () => {
  const proxy = await schema.proxy();
  const database = await schema.open({ url: schema.url([proxy.port]), timeouts, maxConnections: 4 });
  const { reader } = database;
  try {
    await Promise.all([1, 2, 3, 4].map(() => reader.check()));
    const before = proxy.accepted;
    // As when a firewall forgets: nobody says that these connections are gone.
    proxy.onRequest = () => 'hold';
    assert.equal((await timed(reader.check())).outcome, 'unavailable');
    proxy.onRequest = () => 'pass';
    const results = await Promise.all([1, 2, 3, 4].map(() => timed(reader.check())));
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['ok', 'ok', 'ok', 'ok'],
    );
    assert.equal(proxy.accepted, before + 4);
  } finally {
    await proxy.close();
    await database.close();
  }
});
