import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Fence } from '@stratakv/core';
import { deleteOf, eventually, keyIn, outcomeOf, putOf } from '@stratakv/core/testing';
import type { SqlTimeouts } from '../src/index.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const fenceOf = ({ partition, token }: Fence): Fence => ({ partition, token });

/** The beginning of the message with a large value. */
const isLargeWrite = (bytes: Buffer) => bytes.length > 10_000 && bytes.includes('put-entries');

/** How far a frozen consumer got. To the server it is the same as one whose bytes are held from there on. */
const frozenAt: [string, (proxy: TcpProxy) => void][] = [
  [
    'behind its look-ups',
    (proxy) => {
      proxy.onRequest = (bytes) => (isLargeWrite(bytes) ? 'hold' : 'pass');
    },
  ],
  [
    'in the middle of a large message',
    (proxy) => {
      let isWriting = false;
      proxy.onRequest = (bytes) => {
        if (isWriting) return 'hold';
        isWriting = isLargeWrite(bytes);
        return 'pass';
      };
    },
  ],
];

for (const [where, freeze, isNew] of frozenAt.flatMap(
  ([at, how]) =>
    [
      [at, how, true],
      [at, how, false],
    ] as const,
)) {
  const connection = isNew ? 'a new connection' : 'a connection in use';
  test(`a consumer frozen ${where}, on ${connection}, holds up the takeover no longer than the server lets it be idle`, async () => {
    const schema = await server.createSchema();
    const proxy = await schema.proxy();
    const timeouts: Partial<SqlTimeouts> = { idleInTransactionMs: 700, statementMs: 6000, callMs: 10_000 };
    const frozen = await schema.open({ url: schema.url([proxy.port]), timeouts });
    const other = await schema.open({ timeouts });
    try {
      const key = keyIn(1);
      const old = await frozen.store.raiseFence(1);
      const large = new Uint8Array(1024 * 1024).fill(1);
      const batch = (fence: Fence, value: string | Uint8Array) => ({
        fences: [fenceOf(fence)],
        operations: [putOf(key, value)],
      });
      if (!isNew) await frozen.store.apply(batch(old, 'before'));
      freeze(proxy);
      const late = batch(old, large);
      const applying = frozen.store.apply(late).then(
        () => 'applied',
        (error: Error & { code?: string }) => error.code,
      );
      await eventually('the fence is held', async () => {
        const open = await schema.query(
          `SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND wait_event = 'ClientRead'`,
        );
        return open.length === 1;
      });
      const startedAt = performance.now();
      const mine = await other.store.raiseFence(1);
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs < 4000, `the takeover took ${tookMs} ms`);
      const taken = await other.store.apply(batch(mine, 'taken over'));
      assert.equal(outcomeOf(taken.folded[0]).status, 'applied');

      proxy.release();
      assert.equal(await applying, 'unavailable');
      assert.deepEqual((await frozen.store.apply(late)).refused, [1]);
      const [entry] = (await other.reader.batchGet([key])).entries;
      assert.equal(Buffer.from(entry?.value ?? []).toString(), 'taken over');
    } finally {
      await proxy.close();
      await Promise.all([frozen.close(), other.close()]);
    }
  });
}

for (const isolation of ['read committed', 'serializable'] as const) {
  test(`two who fight over the same partitions never undo each other, ${isolation}`, async () => {
    const schema = await server.createSchema();
    const retries: string[] = [];
    const observer = { onRetry: (state: string) => void retries.push(state) };
    const url = schema.url([], {}, `-cdefault_transaction_isolation=${isolation.replace(' ', '\\ ')}`);
    const consumers = await Promise.all([1, 2].map(() => schema.open({ url, isolation, observer })));
    const partitions = [9, 2, 14, 5];
    const keys = partitions.map((partition) => keyIn(partition, 'fought-over'));
    const created: string[] = [];
    const fight = async (index: number) => {
      const { store } = consumers[index] ?? assert.fail();
      for (let round = 0; round < 40; round += 1) {
        // Each takes them in an order of its own, and often loses some before it gets to write.
        const order = index === 0 ? partitions : partitions.toReversed();
        const fences = await Promise.all(order.map((partition) => store.raiseFence(partition)));
        const absent = keys.map((key) => putOf(key, `${index}/${round}`, { condition: { kind: 'absent' } }));
        const operations = [...absent, ...keys.map((key) => deleteOf(key, { condition: { kind: 'present' } }))];
        const { folded } = await store.apply({ fences: fences.map(fenceOf), operations });
        for (const each of folded) {
          // What one made the same one removed: a batch stands alone.
          assert.equal(outcomeOf(each).status, 'applied');
          created.push(each.operation.id);
        }
      }
    };
    try {
      await Promise.all([fight(0), fight(1)]);
      assert.ok(created.length > 0);
      const rows = await schema.query<{ count: string }>('SELECT count(*) FROM operations');
      assert.equal(Number(rows[0]?.count), created.length);
      if (isolation === 'read committed') assert.deepEqual(retries, []);
      assert.ok(retries.every((state) => state === '40001'));
    } finally {
      await Promise.all(consumers.map((each) => each.close()));
    }
  });
}

test('a serializable transaction that waited for a fence in vain starts over, and judges on what stands then', async () => {
  const schema = await server.createSchema();
  const retries: string[] = [];
  const observer = { onRetry: (state: string) => void retries.push(state) };
  const database = await schema.open({ isolation: 'serializable', observer });
  const other = await schema.connect();
  try {
    const key = keyIn(1);
    const fence = fenceOf(await database.store.raiseFence(1));
    await database.store.apply({ fences: [fence], operations: [putOf(key, 'x')] });
    await other.query('BEGIN');
    await other.query('UPDATE partitions SET passes = passes + 1');
    await other.query('UPDATE entries SET version = version + 1');
    const put = putOf(key, 'y', { condition: { kind: 'version', version: 1 } });
    const applying = database.store.apply({ fences: [fence], operations: [put] });
    await eventually('the fence is waited for', async () => {
      const waiting = await schema.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      return waiting.length === 1;
    });
    await other.query('COMMIT');
    const { folded } = await applying;
    const [entry] = (await database.reader.batchGet([key])).entries;
    const outcome = outcomeOf(folded[0]);
    assert.deepEqual(outcome, { status: 'rejected', code: 'version-mismatch', currentVersion: entry?.version });
    assert.deepEqual(retries, ['40001']);
  } finally {
    await other.end();
    await database.close();
  }
});
