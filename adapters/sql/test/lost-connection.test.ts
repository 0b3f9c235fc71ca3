import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { eventually, keyIn, newId, outcomeOf, putOf, SoleConsumer } from '@stratakv/core/testing';
import { useStores } from './file-store.ts';

const { server, withStore } = await useStores();

const codeOf = (error: unknown) => (error instanceof StrataError ? error.code : (error as Error).name);

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
    // The next call may get one whose end has not arrived yet.
    await eventually('the pool is well again', () =>
      database.reader.check().then(
        () => true,
        () => false,
      ),
    );
    const { open, idle, waiting } = database.store.poolStats;
    assert.deepEqual([open - idle, waiting], [0, 0]);
  }));
