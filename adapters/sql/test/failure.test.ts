import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationRefused, StrataError } from '@stratakv/core';
import { keyIn, outcomeOf, putOf, SoleConsumer } from '@stratakv/core/testing';
import { openSqlStore } from '../src/index.ts';
import { useStores } from './file-store.ts';
import type { TestSchema } from './test-database.ts';

const { server, withStore } = await useStores();

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

  test('a batch of which the database leaves an entry out is not applied', () =>
    withStore(async ({ schema, database, consumer }) => {
      await schema.query(`CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RETURN CASE WHEN NEW.value = 'left out' THEN NULL ELSE NEW END; END $$`);
      await schema.query('CREATE TRIGGER skip BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION skip()');
      const puts = ['written', 'left out'].map((value) => putOf(keyIn(1, value.slice(0, 4)), value));
      await assert.rejects(consumer.apply(...puts), { code: 'unavailable' });
      assert.deepEqual(await database.reader.operations(puts.map(({ id }) => id)), [undefined, undefined]);
      assert.deepEqual((await database.reader.batchGet(puts.map(({ key }) => key))).entries, [undefined, undefined]);
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

describe('a transaction that lost against another one', () => {
  /** The first `times` writes fail; a sequence keeps its count when they are rolled back. */
  const failFirst = async (schema: TestSchema, times: number, state: string) => {
    await schema.query('CREATE SEQUENCE attempts');
    await schema.query(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('attempts') <= ${times} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${state}'; END IF;
        RETURN NEW;
      END $$`);
    await schema.query('CREATE TRIGGER lose BEFORE INSERT ON operations FOR EACH ROW EXECUTE FUNCTION lose()');
  };

  for (const state of ['40001', '40P01']) {
    test(`starts over, ${state}`, async () => {
      const schema = await server.createSchema();
      const retries: string[] = [];
      const database = await schema.open({ observer: { onRetry: (each) => void retries.push(each) } });
      try {
        await failFirst(schema, 3, state);
        const { writes } = await new SoleConsumer(database.store).apply(putOf(keyIn(1), 'x'));
        assert.deepEqual(retries, [state, state, state]);
        const [entry] = (await database.reader.batchGet([keyIn(1)])).entries;
        assert.equal(entry?.version, writes[0]?.version);
      } finally {
        await database.close();
      }
    });
  }

  test('gives up in the end', async () => {
    const schema = await server.createSchema();
    const retries: string[] = [];
    const database = await schema.open({ observer: { onRetry: (each) => void retries.push(each) } });
    try {
      await failFirst(schema, 1000, '40001');
      const put = putOf(keyIn(1), 'x');
      await assert.rejects(new SoleConsumer(database.store).apply(put), { code: 'unavailable' });
      assert.equal(retries.length, 8);
      const { open, idle } = database.store.poolStats;
      assert.equal(open, idle, 'the connection is as good as before');
    } finally {
      await database.close();
    }
  });
});

describe('time', () => {
  test('a lock that does not come and a statement that does not end are given up by the server', async () => {
    const schema = await server.createSchema();
    const timeouts = { lockMs: 300, statementMs: 700, idleInTransactionMs: 200, callMs: 5000 };
    const database = await schema.open({ timeouts });
    const consumer = new SoleConsumer(database.store);
    const other = await schema.connect();
    const giveUp = async (call: Promise<unknown>) => {
      const startedAt = performance.now();
      await assert.rejects(call, { code: 'unavailable' });
      assert.ok(performance.now() - startedAt < 2500);
    };
    try {
      const fence = await consumer.fence(1);
      await other.query('BEGIN');
      await other.query('UPDATE partitions SET floor = floor');
      await giveUp(database.store.raiseFence(1));
      await giveUp(consumer.apply(putOf(keyIn(1), 'x')));
      await other.query('ROLLBACK');
      await schema.query(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$`);
      await schema.query('CREATE TRIGGER wait BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION wait()');
      await giveUp(consumer.apply(putOf(keyIn(1), 'x')));
      const busy = await schema.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`);
      assert.deepEqual(busy, []);
      await schema.query('DROP TRIGGER wait ON entries');
      assert.equal((await database.store.raiseFence(1)).token, fence.token + 1);
    } finally {
      await other.end();
      await database.close();
    }
  });
});

test('a server that refuses the session refuses no operation', async () => {
  const schema = await server.createSchema();
  const database = await schema.open();
  const consumer = new SoleConsumer(database.store);
  const fence = await consumer.fence(1);
  await database.close();
  // A data error by its class, but not of the data.
  const wrong = openSqlStore({ url: schema.url([], {}, '-cwork_mem=much'), retentionMs: 1000 });
  try {
    const batch = { fences: [fence], operations: [putOf(keyIn(1), 'x')] };
    await assert.rejects(wrong.store.apply(batch), (error: Error) => {
      assert.equal(codeOf(error), 'unavailable');
      assert.equal((error.cause as { code?: string }).code, '22023');
      return true;
    });
    await assert.rejects(wrong.ensureInstallation(16), { code: 'unavailable' });
  } finally {
    await wrong.close();
  }
});
