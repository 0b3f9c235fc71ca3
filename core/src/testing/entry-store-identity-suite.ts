import assert from 'node:assert/strict';
import type { StoreTest } from './entry-store-suite.ts';
import { deleteOf, idempotencyOf, newId, putOf, settleOf } from './sample-operations.ts';
import { outcomeOf, SoleConsumer } from './sole-consumer.ts';

const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

/** That nothing is applied twice: operation ids, settle markers, idempotency identities. */
export function entryStoreIdentityCases(storeTest: StoreTest): void {
  storeTest('a redelivered operation repeats its outcome and changes nothing', async ({ consumer, reader }) => {
    const put = putOf('once', 'first');
    const first = await consumer.applyOne(put);
    assert.equal(first.kind, 'settled');
    const second = await consumer.version(putOf('once', 'second'));
    const { folded, writes } = await consumer.apply(put);
    assert.equal(folded[0]?.kind, 'duplicate');
    assert.deepEqual(folded[0], { ...first, kind: 'duplicate' });
    assert.deepEqual(writes, []);
    const entry = (await reader.batchGet([put.key])).entries[0];
    assert.deepEqual([entry?.version, text(entry?.value)], [second, 'second']);
  });

  storeTest('the same id twice in one batch is applied once', async ({ consumer, reader }) => {
    const put = putOf('once', 'x');
    const { folded } = await consumer.apply(put, putOf('other', 'y'), put, deleteOf('once'), put);
    assert.deepEqual(
      folded.map(({ kind }) => kind),
      ['settled', 'settled', 'duplicate', 'settled', 'duplicate'],
    );
    assert.deepEqual(outcomeOf(folded[2]), outcomeOf(folded[0]));
    assert.deepEqual((await reader.batchGet([put.key])).entries, [undefined]);
  });

  storeTest('ids are known after a crash, whatever their outcome', async ({ consumer, reader, reopen }) => {
    const applied = putOf('k', 'x');
    const rejected = putOf('k', 'y', { condition: { kind: 'absent' } });
    const settled = settleOf(newId('k'));
    const { folded } = await consumer.apply(applied, rejected, settled);
    const before = await reader.operations([applied.id, rejected.id, settled.id]);
    assert.deepEqual(
      before.map((record) => record?.outcome.status),
      ['applied', 'rejected', 'failed'],
    );
    const reopened = await reopen();
    const again = await new SoleConsumer(reopened.store).apply(applied, rejected, settled);
    assert.deepEqual(
      again.folded,
      folded.map((each) => ({ ...each, kind: 'duplicate' })),
    );
    assert.deepEqual(again.writes, []);
    assert.deepEqual(await reopened.reader.operations([applied.id, rejected.id, settled.id]), before);
  });

  storeTest('the log shows what it was, what became of it and when', async ({ consumer, reader }) => {
    const put = putOf('logged', 'x', { ttlSeconds: 60 });
    const removal = deleteOf('logged');
    const { folded, asOf } = await consumer.apply(put, removal);
    assert.deepEqual(await reader.operations([removal.id, newId('logged'), put.id]), [
      { id: removal.id, action: 'delete', key: put.key, outcome: outcomeOf(folded[1]), settledAt: asOf },
      undefined,
      { id: put.id, action: 'put', key: put.key, outcome: outcomeOf(folded[0]), settledAt: asOf },
    ]);
    assert.deepEqual(await reader.operations([]), []);
  });

  storeTest(
    'a settle marker fails an id without an outcome, and that refuses it later',
    async ({ consumer, reader }) => {
      const put = putOf('settled', 'x');
      const marked = await consumer.applyOne(settleOf(put.id));
      assert.equal(marked.kind, 'settled');
      assert.deepEqual(outcomeOf(marked), { status: 'failed', code: 'not-accepted' });
      const late = await consumer.applyOne(put);
      assert.equal(late.kind, 'duplicate');
      assert.deepEqual(outcomeOf(late), { status: 'failed', code: 'not-accepted' });
      assert.deepEqual((await reader.batchGet([put.key])).entries, [undefined]);
      const [record] = await reader.operations([put.id]);
      assert.deepEqual([record?.action, record?.key], [undefined, undefined]);
    },
  );

  storeTest('a settle marker behind its operation changes nothing', async ({ consumer, reader }) => {
    const put = putOf('accepted', 'x');
    const { folded } = await consumer.apply(put, settleOf(put.id));
    assert.deepEqual([folded[0]?.kind, folded[1]?.kind], ['settled', 'duplicate']);
    assert.deepEqual(outcomeOf(folded[1]), outcomeOf(folded[0]));
    assert.equal((await consumer.applyOne(settleOf(put.id))).kind, 'duplicate');
    assert.equal(text((await reader.batchGet([put.key])).entries[0]?.value), 'x');
  });

  storeTest('attempts with one identity and fingerprint share the first outcome', async ({ consumer, reader }) => {
    const idempotency = idempotencyOf('order 17');
    const attempts = [1, 2, 3].map(() => putOf('order', 'x', { idempotency, condition: { kind: 'absent' } }));
    const [first, second, third] = attempts;
    assert.ok(first && second && third);
    assert.equal(await reader.fingerprint(idempotency.identity), undefined);
    const { folded } = await consumer.apply(first, second);
    assert.equal(outcomeOf(folded[0]).status, 'applied');
    const later = await consumer.applyOne(third);
    assert.equal(later.kind, 'settled');
    assert.deepEqual([outcomeOf(folded[1]), outcomeOf(later)], [outcomeOf(folded[0]), outcomeOf(folded[0])]);
    assert.equal(await reader.fingerprint(idempotency.identity), idempotency.fingerprint);
    const records = await reader.operations(attempts.map(({ id }) => id));
    assert.deepEqual(
      records.map((record) => record?.outcome),
      [1, 2, 3].map(() => outcomeOf(folded[0])),
    );
  });

  storeTest('an identity with another fingerprint is a conflict, and stays claimed', async ({ consumer, reader }) => {
    const mine = idempotencyOf('order 18', 'two shoes');
    const other = idempotencyOf('order 18', 'three shoes');
    const put = putOf('shoes', '2', { idempotency: mine });
    const first = outcomeOf(await consumer.applyOne(put));
    const { folded, writes } = await consumer.apply(
      putOf('shoes', '3', { idempotency: other }),
      deleteOf('shoes', { idempotency: mine }),
    );
    const conflict = { status: 'rejected', code: 'idempotency-conflict', currentVersion: undefined };
    assert.deepEqual([outcomeOf(folded[0]), outcomeOf(folded[1])], [conflict, first]);
    assert.deepEqual(writes, []);
    assert.equal(await reader.fingerprint(mine.identity), mine.fingerprint);
    assert.equal(text((await reader.batchGet([put.key])).entries[0]?.value), '2');
  });

  storeTest('a rejected outcome claims its identity too, a settled attempt does not', async ({ consumer, reader }) => {
    const idempotency = idempotencyOf('order 19');
    const lost = putOf('order', 'x', { idempotency });
    await consumer.applyOne(settleOf(lost.id));
    assert.equal((await consumer.applyOne(lost)).kind, 'duplicate');
    assert.equal(await reader.fingerprint(idempotency.identity), undefined);
    const condition = { kind: 'present' } as const;
    const rejected = outcomeOf(await consumer.applyOne(putOf('order', 'x', { idempotency, condition })));
    assert.equal(rejected.status, 'rejected');
    assert.equal(await reader.fingerprint(idempotency.identity), idempotency.fingerprint);
    await consumer.version(putOf('order', 'now it is there'));
    assert.deepEqual(outcomeOf(await consumer.applyOne(putOf('order', 'x', { idempotency, condition }))), rejected);
  });

  storeTest('identities are known after a crash', async ({ consumer, reopen }) => {
    const idempotency = idempotencyOf('order 20');
    const put = putOf('order', 'x', { idempotency });
    const first = outcomeOf(await consumer.applyOne(put));
    const reopened = await reopen();
    assert.equal(await reopened.reader.fingerprint(idempotency.identity), idempotency.fingerprint);
    const retried = await new SoleConsumer(reopened.store).applyOne(putOf('order', 'x', { idempotency }));
    assert.deepEqual([retried.kind, outcomeOf(retried)], ['settled', first]);
  });
}
