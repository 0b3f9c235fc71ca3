import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OperationRefused, StrataError } from '@stratakv/core';
import { eventually, keyIn, newId, outcomeOf, putOf, SoleConsumer } from '@stratakv/core/testing';
import type { SqlStore } from '../src/index.ts';
import { type TestSchema, TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

interface Given {
  readonly schema: TestSchema;
  readonly database: SqlStore;
  readonly consumer: SoleConsumer;
}

async function withStore(body: (given: Given) => Promise<void>): Promise<void> {
  const schema = await server.createSchema();
  const database = await schema.open();
  try {
    await body({ schema, database, consumer: new SoleConsumer(database.store) });
  } finally {
    await database.close();
  }
}

/** Makes writes to a table fail as the database itself would, at the statement or at the commit. */
async function failWith(schema: TestSchema, table: string, state: string, isDeferred = false): Promise<void> {
  await schema.query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${state}'; END $$`);
  await schema.query(
    isDeferred
      ? `CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION fail()`
      : `CREATE TRIGGER fail BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fail()`,
  );
}

const heal = (schema: TestSchema, table: string) => schema.query(`DROP TRIGGER fail ON ${table}`);

const codeOf = (error: unknown) => (error instanceof StrataError ? error.code : (error as Error).name);

describe('what an error means', () => {
  const cases: [string, string][] = [
    ['53100', 'storage-full'],
    ['53200', 'unavailable'],
    ['53300', 'unavailable'],
    ['53400', 'unavailable'],
    ['57014', 'unavailable'],
    ['57P03', 'unavailable'],
    ['58030', 'unavailable'],
    ['55P03', 'unavailable'],
    ['25006', 'unavailable'],
    ['40003', 'unavailable'],
    ['42501', 'unavailable'],
    ['08006', 'unavailable'],
    ['XX000', 'unavailable'],
    ['0A000', 'unavailable'],
    ['22021', 'OperationRefused'],
    ['22P02', 'OperationRefused'],
    ['23514', 'OperationRefused'],
    ['54000', 'OperationRefused'],
  ];
  test('is told by its SQLSTATE, at a statement and at the commit', () =>
    withStore(async ({ schema, database, consumer }) => {
      await consumer.fence(1);
      for (const [index, [state, expected]] of cases.entries()) {
        for (const isDeferred of [false, true]) {
          const put = putOf(keyIn(1, `${index}-${isDeferred}`), 'x');
          await failWith(schema, 'entries', state, isDeferred);
          await assert.rejects(consumer.apply(put), (error) => codeOf(error) === expected, state);
          assert.deepEqual(await database.reader.operations([put.id]), [undefined]);
          await heal(schema, 'entries');
          assert.equal((await consumer.applyOne(put)).kind, 'settled', state);
        }
      }
    }));

  test('a refused operation is found by halving, its neighbours are applied', () =>
    withStore(async ({ schema, consumer }) => {
      await schema.query(`ALTER TABLE entries ADD CHECK (value <> 'bad')`);
      const puts = Array.from({ length: 8 }, (_, index) => putOf(keyIn(2, `k${index}`), index === 5 ? 'bad' : 'good'));
      const settle = async (some: typeof puts): Promise<string[]> => {
        try {
          return (await consumer.apply(...some)).folded.map((each) => outcomeOf(each).status);
        } catch (error) {
          assert.ok(error instanceof OperationRefused);
          if (some.length === 1) return ['refused'];
          return [...(await settle(some.slice(0, some.length / 2))), ...(await settle(some.slice(some.length / 2)))];
        }
      };
      const statuses = await settle(puts);
      assert.deepEqual(
        statuses.map((status) => status === 'applied'),
        [1, 1, 1, 1, 1, 0, 1, 1].map(Boolean),
      );
    }));

  test('what cannot be written at all is refused before anything is', () =>
    withStore(async ({ consumer }) => {
      const broken = putOf(keyIn(3), 'x', { contentType: undefined as unknown as string });
      await assert.rejects(consumer.apply(broken), OperationRefused);
      assert.equal((await consumer.applyOne(putOf(keyIn(3), 'y'))).kind, 'settled');
    }));

  test('zero bytes and text that is no UTF-8 are bytes like others', () =>
    withStore(async ({ consumer, database }) => {
      const odd = {
        contentType: 'a\0b',
        meta: [['name\0', '\ud800']],
        idempotency: { identity: 'i\0', fingerprint: '\0' },
      };
      const put = putOf(keyIn(4), Uint8Array.of(0, 0xff, 0), odd as unknown as Partial<typeof put>);
      assert.equal(outcomeOf(await consumer.applyOne(put)).status, 'applied');
      const [entry] = (await database.reader.batchGet([put.key])).entries;
      assert.deepEqual([entry?.contentType, entry?.meta], ['a\0b', [['name\0', '\ud800']]]);
      assert.equal(await database.reader.fingerprint('i\0'), '\0');
    }));
});

describe('a lost commit', () => {
  test('that was made is known when the batch is tried again', async () => {
    const schema = await server.createSchema();
    const proxy = await schema.proxy();
    const database = await schema.open({ url: schema.url([proxy.port]) });
    const consumer = new SoleConsumer(database.store);
    try {
      await consumer.fence(5);
      for (let round = 0; round < 5; round += 1) {
        const put = putOf(keyIn(5), String(round), { condition: round === 0 ? { kind: 'absent' } : undefined });
        // The server has committed by the time it says so, and nobody hears it.
        proxy.onAnswer = (bytes) => (bytes.includes('COMMIT\0') ? 'drop' : 'pass');
        await assert.rejects(consumer.apply(put), { code: 'unavailable' });
        proxy.onAnswer = () => 'pass';
        const again = await consumer.apply(put);
        assert.equal(again.folded[0]?.kind, 'duplicate');
        assert.equal(outcomeOf(again.folded[0]).status, 'applied');
        assert.deepEqual(again.writes, []);
        assert.equal((await database.reader.operations([put.id]))[0]?.id, put.id);
      }
    } finally {
      await proxy.close();
      await database.close();
    }
  });

  test('that the server broke off is made when the batch is tried again', () =>
    withStore(async ({ schema, database, consumer }) => {
      const put = putOf(keyIn(6), 'x');
      await consumer.fence(6);
      await schema.query(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$`);
      await schema.query(`CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait()`);
      const applying = consumer.apply(put).catch(codeOf);
      await eventually('the commit is under way, and ended', async () => {
        const ended = await schema.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'`,
        );
        return ended.length === 1;
      });
      assert.equal(await applying, 'unavailable');
      await schema.query('DROP TRIGGER wait ON entries');
      assert.deepEqual(await database.reader.operations([put.id]), [undefined]);
      assert.equal((await consumer.applyOne(put)).kind, 'settled');
      assert.equal((await consumer.applyOne(put)).kind, 'duplicate');
    }));

  test('that no standby has confirmed counts as unknown', async () => {
    const schema = await server.createSchema();
    const database = await schema.open({ timeouts: { callMs: 1500 } });
    const consumer = new SoleConsumer(database.store);
    const [waits, isCut] = [putOf(keyIn(7), 'x'), putOf(keyIn(7), 'y')];
    try {
      await consumer.fence(7);
      await server.configure({ synchronous_standby_names: `'nobody'` });
      // PostgreSQL tells a wait that was broken off as a success with a warning.
      const applying = consumer.apply(isCut).catch(codeOf);
      await eventually('the wait is broken off', async () => {
        const ended = await schema.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'SyncRep'`,
        );
        return ended.length === 1;
      });
      assert.equal(await applying, 'unavailable');
      await assert.rejects(consumer.apply(waits), { code: 'unavailable' });
    } finally {
      await server.configure({});
    }
    for (const put of [waits, isCut]) assert.equal((await consumer.applyOne(put)).kind, 'duplicate');
    await database.close();
  });
});

test('a connection that is ended while idle costs no call', () =>
  withStore(async ({ schema, database }) => {
    const idle = database.store.poolStats.idle;
    assert.ok(idle > 0);
    await schema.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stratakv'`);
    await eventually('the pool has noticed', () => database.store.poolStats.open === 0);
    await database.reader.check();
    await database.store.raiseFence(1);
  }));

test('many connections that end while they are used reject their calls, and nothing else', () =>
  withStore(async ({ schema, database }) => {
    const calls = Array.from({ length: 200 }, () => database.reader.operations([newId('k')]).then(() => 'ok', codeOf));
    await schema.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stratakv'`);
    const results = await Promise.all(calls);
    assert.ok(
      results.every((result) => result === 'ok' || result === 'unavailable'),
      String(new Set(results)),
    );
    await database.reader.check();
    const { open, idle, waiting } = database.store.poolStats;
    assert.deepEqual([open - idle, waiting], [0, 0]);
  }));
