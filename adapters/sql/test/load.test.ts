import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deleteOf, eventually, idempotencyOf, keyIn, putOf, SoleConsumer } from '@stratakv/core/testing';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const mebibyte = 1024 * 1024;

test('a batch of large values is written in messages that CockroachDB takes', async () => {
  const schema = await server.createSchema();
  const proxy = await schema.proxy();
  const database = await schema.open({ url: schema.url([proxy.port]) });
  try {
    const consumer = new SoleConsumer(database.store);
    const random = (seed: number) => Uint8Array.from({ length: mebibyte }, (_, index) => (index * 7919 * seed) >> 3);
    const puts = Array.from({ length: 24 }, (_, index) => putOf(`large/${index}`, random(index + 1)));
    // Messages to the server, by the lengths in their headers: a byte of type, then four of length.
    let longest = 0;
    let skip = 0;
    let header = Buffer.alloc(0);
    proxy.onRequest = (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const skipped = Math.min(skip, chunk.length - at);
        skip -= skipped;
        at += skipped;
        if (skip > 0 || at === chunk.length) break;
        const part = chunk.subarray(at, at + 5 - header.length);
        header = Buffer.concat([header, part]);
        at += part.length;
        if (header.length < 5) break;
        const length = header.readUInt32BE(1);
        longest = Math.max(longest, length);
        skip = length - 4;
        header = Buffer.alloc(0);
      }
      return 'pass';
    };
    // A session that is open already: the first message of one has no type.
    await consumer.fence(0);
    await consumer.apply(...puts);
    assert.ok(longest > 3 * mebibyte && longest < 5 * mebibyte, `the longest message has ${longest} bytes`);
    const { entries } = await database.reader.batchGet(puts.map(({ key }) => key));
    for (const [index, { value }] of puts.entries()) {
      assert.equal(Buffer.compare(entries[index]?.value ?? Buffer.alloc(0), value), 0);
    }
  } finally {
    await proxy.close();
    await database.close();
  }
});

test('batches of 500 are applied quickly', async () => {
  const schema = await server.createSchema();
  const database = await schema.open();
  try {
    const consumer = new SoleConsumer(database.store);
    const value = new Uint8Array(128).fill(7);
    const batch = (round: number) => Array.from({ length: 500 }, (_, index) => putOf(`k/${round}/${index}`, value));
    await consumer.apply(...batch(0));
    const startedAt = performance.now();
    const rounds = 10;
    for (let round = 1; round <= rounds; round += 1) await consumer.apply(...batch(round));
    const perSecond = (rounds * 500) / ((performance.now() - startedAt) / 1000);
    // A tenth of what an idle machine does: only a plan gone wrong is this slow.
    assert.ok(perSecond > 1000, `${Math.round(perSecond)} operations a second`);
  } finally {
    await database.close();
  }
});

test('no statement reads a whole table, however fresh it is', async () => {
  const schema = await server.createSchema();
  const database = await schema.open();
  const { store, reader } = database;
  const consumer = new SoleConsumer(store);
  for (let round = 0; round < 8; round += 1) {
    const puts = Array.from({ length: 200 }, (_, index) =>
      putOf(keyIn(index % 16, `${round}-${index}/x`), 'x', {
        ttlSeconds: 1,
        idempotency: idempotencyOf(`${round}-${index}`),
      }),
    );
    await consumer.apply(...puts, ...puts.slice(0, 100).map(({ key }) => deleteOf(key)));
    await reader.batchGet(puts.map(({ key }) => key));
    await reader.operations(puts.map(({ id }) => id));
    await reader.fingerprint(idempotencyOf('0-1').identity);
    await reader.scan({ prefix: '', delimiter: '/', after: undefined, limit: 100, maxBytes: 100_000 });
    await reader.scan({ prefix: '1', delimiter: undefined, after: undefined, limit: 100, maxBytes: 100_000 });
    await schema.query('UPDATE entries SET expires_at = 1 WHERE partition = 1 AND expires_at IS NOT NULL');
    await schema.query('UPDATE operations SET settled_at = 1');
    const [one, two] = [await consumer.fence(1), await consumer.fence(2)];
    assert.ok((await store.expire(one, 10)).removed > 0);
    assert.ok((await store.pruneTombstones(two, 0, 10)).removed > 0);
    await store.pruneOperations(one, 10);
  }
  const seen = () =>
    schema.query<{ table: string; scans: string; finds: string }>(
      `SELECT relname AS "table", seq_scan AS scans, idx_scan AS finds
       FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname IN ('entries', 'operations')`,
    );
  // Sessions tell what they did when they end.
  await database.close();
  await eventually('the counts are there', async () => (await seen()).every(({ finds }) => Number(finds) > 20));
  const scans = new Map((await seen()).map(({ table, scans }) => [table, Number(scans)]));
  // The updates above are by hand, and each index was built by reading its table once.
  const byHand = { entries: 8 + 3, operations: 8 + 2 };
  for (const [table, count] of scans) assert.ok(count <= byHand[table as keyof typeof byHand], `${table}: ${count}`);
});
