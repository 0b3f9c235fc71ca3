import assert from 'node:assert/strict';
import type { QueuedOperation } from '../operation.ts';
import type { Fence } from '../ports/entry-store.ts';
import type { StoreTest } from './entry-store-suite.ts';
import { deleteOf, keyIn, putOf } from './sample-operations.ts';
import { outcomeOf } from './sole-consumer.ts';

const fenceOf = ({ partition, token }: Fence): Fence => ({ partition, token });
const batchOf = (fence: Fence, ...operations: QueuedOperation[]) => ({ fences: [fenceOf(fence)], operations });

/** Who may write a partition. */
export function entryStoreFenceCases(storeTest: StoreTest): void {
  storeTest('a raised fence refuses the token before it', async ({ store, reader }) => {
    const key = keyIn(2);
    const old = await store.raiseFence(2);
    await store.apply(batchOf(old, putOf(key, 'old')));
    const late = putOf(key, 'too late');
    const mine = await store.raiseFence(2);
    assert.equal(mine.partition, 2);
    assert.ok(mine.token > old.token);

    const refused = await store.apply(batchOf(old, late));
    assert.deepEqual(refused.refused, [2]);
    assert.deepEqual(refused.folded, []);
    assert.deepEqual(refused.writes, []);
    assert.deepEqual(await reader.operations([late.id]), [undefined]);
    assert.equal(Buffer.from((await reader.batchGet([key])).entries[0]?.value ?? []).toString(), 'old');

    const taken = await store.apply(batchOf(mine, late));
    assert.deepEqual(taken.refused, []);
    assert.equal(outcomeOf(taken.folded[0]).status, 'applied');
  });

  storeTest('partitions that are not refused go on, in order', async ({ store, reader }) => {
    const [lost, held, other] = [await store.raiseFence(3), await store.raiseFence(4), await store.raiseFence(5)];
    await store.raiseFence(3);
    const operations = [
      putOf(keyIn(4), '1'),
      putOf(keyIn(3), 'lost'),
      putOf(keyIn(5), '2'),
      deleteOf(keyIn(3)),
      putOf(keyIn(4), '3'),
    ];
    const result = await store.apply({ fences: [lost, held, other].map(fenceOf), operations });
    assert.deepEqual(result.refused, [3]);
    const kept = [operations[0], operations[2], operations[4]].map((operation) => operation?.id);
    assert.deepEqual(
      result.folded.map(({ operation }) => operation.id),
      kept,
    );
    assert.deepEqual(result.writes.map(({ key }) => key).sort(), [keyIn(4), keyIn(5)].sort());
    const { entries } = await reader.batchGet([keyIn(3), keyIn(4), keyIn(5)]);
    assert.deepEqual(
      entries.map((entry) => entry && Buffer.from(entry.value).toString()),
      [undefined, '3', '2'],
    );
  });

  storeTest('a token that was never given out is refused', async ({ store, reader }) => {
    const operation = putOf(keyIn(6), 'x');
    for (const token of [0, 1]) {
      assert.deepEqual((await store.apply(batchOf({ partition: 6, token }, operation))).refused, [6]);
    }
    const { token } = await store.raiseFence(6);
    for (const wrong of [token - 1, token + 1]) {
      assert.deepEqual((await store.apply(batchOf({ partition: 6, token: wrong }, operation))).refused, [6]);
    }
    assert.deepEqual(await reader.operations([operation.id]), [undefined]);
  });

  storeTest('raises since a commit are counted per partition and start again after one', async ({ store }) => {
    assert.equal((await store.raiseFence(7)).raisesSinceCommit, 1);
    const old = await store.raiseFence(7);
    assert.equal(old.raisesSinceCommit, 2);
    const mine = await store.raiseFence(7);
    assert.equal(mine.raisesSinceCommit, 3);

    // Neither a refused batch nor another partition's commit is a commit of this partition.
    await store.apply(batchOf(old, putOf(keyIn(7), 'x')));
    await store.apply(batchOf(await store.raiseFence(8), putOf(keyIn(8), 'x')));
    const again = await store.raiseFence(7);
    assert.equal(again.raisesSinceCommit, 4);

    await store.apply(batchOf(again, putOf(keyIn(7), 'y')));
    assert.equal((await store.raiseFence(7)).raisesSinceCommit, 1);
    assert.equal((await store.raiseFence(7)).raisesSinceCommit, 2);
  });

  storeTest('a raise that is uncounted leaves the count, and the fence stays', async ({ store }) => {
    await store.raiseFence(13);
    await store.uncountRaise(13);
    const mine = await store.raiseFence(13);
    assert.equal(mine.raisesSinceCommit, 1);
    // Whoever comes late with it, after somebody else has committed, takes nothing away from the raises to come.
    assert.deepEqual((await store.apply(batchOf(mine, putOf(keyIn(13), 'x')))).refused, []);
    await store.uncountRaise(13);
    await store.uncountRaise(14);
    assert.deepEqual((await store.apply(batchOf(mine, putOf(keyIn(13), 'y')))).refused, []);
    assert.equal((await store.raiseFence(13)).raisesSinceCommit, 1);
    assert.equal((await store.raiseFence(13)).raisesSinceCommit, 2);
    assert.equal((await store.raiseFence(14)).raisesSinceCommit, 1);
  });

  storeTest('a clean-up is not a commit of a batch', async ({ store }) => {
    // A window that kills its consumer is found by this count, however often a clean-up came before it.
    await store.raiseFence(12);
    const mine = fenceOf(await store.raiseFence(12));
    await store.expire(mine, 10);
    await store.pruneTombstones(mine, 0, 10);
    await store.pruneOperations(mine, 10);
    assert.equal((await store.raiseFence(12)).raisesSinceCommit, 3);
  });

  storeTest('fences and their counts outlast a crash', async ({ store, reopen }) => {
    const old = await store.raiseFence(9);
    const mine = await store.raiseFence(9);
    const reopened = await reopen();
    const operation = putOf(keyIn(9), 'x');
    assert.deepEqual((await reopened.store.apply(batchOf(old, operation))).refused, [9]);
    const next = await reopened.store.raiseFence(9);
    assert.ok(next.token > mine.token);
    assert.equal(next.raisesSinceCommit, 3);
    assert.deepEqual((await reopened.store.apply(batchOf(mine, operation))).refused, [9]);
    assert.deepEqual((await reopened.store.apply(batchOf(next, operation))).refused, []);
  });

  storeTest('a clean-up with a refused token removes nothing', async ({ store, reader, consumer, pass }) => {
    const [entry, deleted] = [keyIn(10, 'entry'), keyIn(10, 'deleted')];
    await consumer.apply(putOf(entry, 'x', { ttlSeconds: 1 }), putOf(deleted, 'x'), deleteOf(deleted));
    const old = await consumer.fence(10);
    const mine = await store.raiseFence(10);
    await pass(1200);
    const nothing = { removed: 0, keys: [] };
    assert.deepEqual(await store.expire(old, 10), nothing);
    assert.deepEqual(await store.pruneTombstones(old, 0, 10), nothing);
    assert.deepEqual(await store.pruneOperations(old, 10), nothing);
    assert.deepEqual((await reader.batchGet([entry])).entries, [undefined]);
    assert.deepEqual((await store.expire(fenceOf(mine), 10)).keys, [entry]);
  });

  storeTest('two who raise at once get different tokens, and the higher one writes', async ({ store }) => {
    const raised = await Promise.all(Array.from({ length: 8 }, () => store.raiseFence(11)));
    assert.equal(new Set(raised.map(({ token }) => token)).size, raised.length);
    const highest = Math.max(...raised.map(({ token }) => token));
    for (const fence of raised) {
      const { refused } = await store.apply(batchOf(fence, putOf(keyIn(11), String(fence.token))));
      assert.deepEqual(refused, fence.token === highest ? [] : [11]);
    }
  });
}
