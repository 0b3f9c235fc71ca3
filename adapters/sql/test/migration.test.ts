import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { keyIn, putOf, SoleConsumer } from '@stratakv/core/testing';
import { InstallationMismatch, openSqlReader, openSqlStore } from '../src/index.ts';
import { describeTables } from './describe-tables.ts';
import { type TestSchema, TestServer, weekMs } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const openers = (schema: TestSchema, count: number) =>
  Array.from({ length: count }, () => openSqlStore({ url: schema.url(), retentionMs: weekMs }));

describe('migrations', () => {
  test('the tables are those of schema.txt', async () => {
    const schema = await server.createSchema();
    await (await schema.open()).close();
    const expected = readFileSync(new URL('../schema.txt', import.meta.url), 'utf8');
    assert.equal(await describeTables(schema), expected, 'adapters/sql/schema.txt changes with the migrations');
  });

  test('five nodes that start at once set the database up once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const schema = await server.createSchema();
      const nodes = openers(schema, 5);
      try {
        await Promise.all(nodes.map((node) => node.ensureInstallation(16)));
        const migrations = await schema.query('SELECT number::int, finished_at IS NOT NULL AS done FROM migrations');
        assert.deepEqual(migrations, [{ number: 1, done: true }]);
        for (const { reader } of nodes) assert.equal((await reader.installation()).partitionCount, 16);
      } finally {
        await Promise.all(nodes.map((node) => node.close()));
      }
    }
  });

  test('a migration whose node died half-way is finished by the next one', async () => {
    const schema = await server.createSchema();
    await (await schema.open()).close();
    // As after a kill between two statements: its claim stands, and has run out.
    await schema.query('DROP TABLE operations');
    await schema.query(`UPDATE migrations SET finished_at = NULL, claimant = 'dead', claimed_until = 1`);
    const database = await schema.open();
    try {
      const consumer = new SoleConsumer(database.store);
      assert.equal((await consumer.applyOne(putOf(keyIn(1), 'x'))).kind, 'settled');
    } finally {
      await database.close();
    }
  });

  test('a node waits for the one that has the claim', async () => {
    const schema = await server.createSchema();
    await (await schema.open()).close();
    await schema.query(`UPDATE migrations SET finished_at = NULL, claimant = 'other',
                        claimed_until = extract(epoch FROM now())::int8 * 1000 + 60000`);
    let isReady = false;
    const opening = schema.open().then((database) => {
      isReady = true;
      return database;
    });
    await schema.query('SELECT pg_sleep(0.4)');
    assert.equal(isReady, false);
    await schema.query('UPDATE migrations SET finished_at = 1');
    await (await opening).close();
  });

  test('tables of a later version are refused', async () => {
    const schema = await server.createSchema();
    await (await schema.open()).close();
    await schema.query(`INSERT INTO migrations (number, name, claimant, claimed_until, finished_at)
                        VALUES (99, 'later', 'x', 0, 1)`);
    const [node] = openers(schema, 1);
    await assert.rejects(node?.ensureInstallation(16) ?? Promise.resolve(), (error) => {
      assert.ok(error instanceof InstallationMismatch);
      assert.match(error.message, /of version 99; this version of StrataKV knows up to 1/);
      return true;
    });
    await node?.close();
  });
});

describe('the number of partitions', () => {
  test('is what the first node said; others are refused', async () => {
    const schema = await server.createSchema();
    const nodes = openers(schema, 4);
    try {
      const results = await Promise.allSettled(nodes.map((node, index) => node.ensureInstallation(index < 2 ? 16 : 8)));
      const { partitionCount } = (await nodes[0]?.reader.installation()) ?? { partitionCount: 0 };
      const agreed = results.filter(({ status }) => status === 'fulfilled');
      assert.equal(agreed.length, 2);
      for (const result of results) {
        if (result.status === 'fulfilled') continue;
        assert.ok(result.reason instanceof InstallationMismatch);
        const other = partitionCount === 16 ? 8 : 16;
        assert.match(
          result.reason.message,
          new RegExp(`set up for ${partitionCount} partitions; the setting says ${other}`),
        );
      }
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  test('is not known before the first node has set the database up', async () => {
    const schema = await server.createSchema();
    const reader = openSqlReader({ url: schema.url() });
    try {
      for (const call of [() => reader.installation(), () => reader.check()]) {
        await assert.rejects(call, { code: 'unavailable', message: 'The database was not set up yet.' });
      }
      await (await schema.open()).close();
      assert.deepEqual(await reader.installation(), { partitionCount: 16, logHorizon: 0 });
    } finally {
      await reader.close();
    }
  });

  test('a reader needs no right to write', async () => {
    const schema = await server.createSchema();
    const database = await schema.open();
    const reader = openSqlReader({ url: schema.url([], {}, '-cdefault_transaction_read_only=on') });
    try {
      const put = putOf(keyIn(1), 'x');
      await new SoleConsumer(database.store).apply(put);
      assert.equal((await reader.operations([put.id]))[0]?.id, put.id);
      assert.notEqual((await reader.batchGet([put.key])).entries[0], undefined);
      const list = { prefix: '', delimiter: undefined, after: undefined, limit: 10, maxBytes: 10_000 };
      assert.equal((await reader.scan(list)).entries.length, 1);
      assert.equal((await reader.installation()).partitionCount, 16);
      await reader.check();
    } finally {
      await Promise.all([reader.close(), database.close()]);
    }
  });
});
