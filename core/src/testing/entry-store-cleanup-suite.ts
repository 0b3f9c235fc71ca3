import assert from 'node:assert/strict';
import { parseKey } from '../key.ts';
import type { CleanupResult } from '../ports/entry-store.ts';
import type { StoreCase, StoreTest } from './entry-store-suite.ts';
import { eventually } from './eventually.ts';
import { deleteOf, idempotencyOf, keyIn, newId, putOf } from './sample-operations.ts';
import { outcomeOf } from './sole-consumer.ts';

const secondMs = 1000;
const skewMs = 300;

/** A log that can be waited for, and is long enough for a busy machine to apply what it has just made. */
export const shortLogMs = 3000;
const longAfterMs = 60_000;

/** Lets the short log's time pass. Ids are made by the test's clock, so a clock that can be moved is moved far. */
const outlastLog = ({ advance, pass }: StoreCase) => advance?.(longAfterMs) ?? pass(shortLogMs + skewMs);

/** Takes steps until one removes nothing; all must keep to the limit. */
async function inSteps(limit: number, step: () => Promise<CleanupResult>): Promise<CleanupResult> {
  const keys: CleanupResult['keys'][number][] = [];
  let removed = 0;
  for (;;) {
    const result = await step();
    assert.ok(result.removed <= limit && result.keys.length <= limit);
    if (result.removed === 0) return { removed, keys };
    removed += result.removed;
    keys.push(...result.keys);
  }
}

/**
 * Expiry and pruning: what goes, what stays, and that versions go on growing.
 *
 * @param storeTest with a log of a week
 * @param shortLogTest with a log of `shortLogMs`
 */
export function entryStoreCleanupCases(storeTest: StoreTest, shortLogTest: StoreTest): void {
  storeTest('an expired entry is absent for reads, lists and conditions', async ({ consumer, reader, pass }) => {
    const key = parseKey('brief');
    const first = await consumer.version(putOf(key, 'x', { ttlSeconds: 1 }));
    assert.equal((await reader.batchGet([key])).entries[0]?.version, first);
    await pass(secondMs + skewMs);
    assert.deepEqual((await reader.batchGet([key])).entries, [undefined]);
    const list = { prefix: '', delimiter: undefined, after: undefined, limit: 10, maxBytes: 10_000 };
    assert.deepEqual((await reader.scan(list)).entries, []);

    const rejected = outcomeOf(await consumer.applyOne(putOf(key, 'y', { condition: { kind: 'present' } })));
    assert.deepEqual(rejected, { status: 'rejected', code: 'version-mismatch', currentVersion: undefined });
    const nothing = outcomeOf(await consumer.applyOne(deleteOf(key)));
    assert.deepEqual(nothing, { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined });
    const created = outcomeOf(await consumer.applyOne(putOf(key, 'z', { condition: { kind: 'absent' } })));
    assert.ok(created.status === 'applied' && created.isCreated && (created.version ?? 0) > first);
    assert.equal(created.expiresAt, undefined);
  });

  storeTest(
    'expire removes what has expired, in steps, and nothing else',
    async ({ store, consumer, reader, pass }) => {
      const brief = Array.from({ length: 7 }, (_, index) => putOf(keyIn(3, `brief-${index}`), 'x', { ttlSeconds: 1 }));
      const rescued = keyIn(3, 'rescued');
      const [lasting, long, elsewhere] = [keyIn(3, 'lasting'), keyIn(3, 'long'), keyIn(4, 'elsewhere')];
      await consumer.apply(...brief, putOf(rescued, 'x', { ttlSeconds: 1 }), putOf(lasting, 'x'));
      await consumer.apply(
        putOf(rescued, 'y'),
        putOf(long, 'x', { ttlSeconds: 60 }),
        putOf(elsewhere, 'x', { ttlSeconds: 1 }),
      );
      const fence = await consumer.fence(3);
      assert.deepEqual(await store.expire(fence, 3), { removed: 0, keys: [] });
      await pass(secondMs + skewMs);
      assert.equal((await store.expire(fence, 3)).removed, 3);
      const { removed, keys } = await inSteps(3, () => store.expire(fence, 3));
      assert.deepEqual([removed, keys.length], [4, 4]);
      const { entries } = await reader.batchGet([rescued, lasting, long]);
      assert.ok(entries.every((entry) => entry !== undefined));
      assert.deepEqual(await store.expire(await consumer.fence(4), 3), { removed: 1, keys: [elsewhere] });
    },
  );

  storeTest('versions grow over an entry that expired and went', async ({ store, consumer, pass, advance }) => {
    const key = keyIn(5);
    const first = await consumer.version(putOf(key, 'x', { ttlSeconds: 1 }));
    await pass(secondMs + skewMs);
    assert.deepEqual((await store.expire(await consumer.fence(5), 10)).keys, [key]);
    // With the row gone and the clock back, only the partition's version floor is left to know.
    await advance?.(-3_600_000);
    const second = await consumer.version(putOf(key, 'y'));
    assert.ok(second > first);
    assert.ok((await consumer.version(putOf(key, 'z'))) > second);
  });

  storeTest('versions grow over a tombstone that was pruned, also after a crash', async (given) => {
    const { store, consumer, pass, advance, reopen } = given;
    const key = keyIn(6);
    await consumer.version(putOf(key, 'x'));
    const removal = deleteOf(key);
    const deleted = await consumer.version(removal);
    await pass(skewMs);
    assert.deepEqual(await store.pruneTombstones(await consumer.fence(6), 50, 10), { removed: 1, keys: [key] });
    await advance?.(-3_600_000);
    const reopened = await reopen();
    const { token } = await reopened.store.raiseFence(6);
    const put = putOf(key, 'y', { condition: { kind: 'absent' } });
    const { folded } = await reopened.store.apply({ fences: [{ partition: 6, token }], operations: [put, removal] });
    const outcome = outcomeOf(folded[0]);
    assert.ok(outcome.status === 'applied' && outcome.isCreated && (outcome.version ?? 0) > deleted);
    assert.equal(folded[1]?.kind, 'duplicate');
  });

  storeTest(
    'tombstones go when they are old enough, in steps, entries never',
    async ({ store, consumer, reader, pass }) => {
      const gone = Array.from({ length: 7 }, (_, index) => keyIn(7, `gone-${index}`));
      const [kept, back, elsewhere] = [keyIn(7, 'kept'), keyIn(7, 'back'), keyIn(8, 'elsewhere')];
      await consumer.apply(...[...gone, kept, back, elsewhere].map((key) => putOf(key, 'x')));
      await consumer.apply(...[...gone, back, elsewhere].map((key) => deleteOf(key)));
      await consumer.apply(putOf(back, 'y'));
      const fence = await consumer.fence(7);
      await pass(skewMs);
      assert.deepEqual(await store.pruneTombstones(fence, 60_000, 3), { removed: 0, keys: [] });
      assert.equal((await store.pruneTombstones(fence, 50, 3)).removed, 3);
      const rest = await inSteps(3, () => store.pruneTombstones(fence, 50, 3));
      assert.equal(rest.removed, 4);
      const { entries } = await reader.batchGet([kept, back]);
      assert.ok(entries.every((entry) => entry !== undefined));
      assert.deepEqual(await store.pruneTombstones(await consumer.fence(8), 50, 3), { removed: 1, keys: [elsewhere] });
    },
  );

  storeTest('operations stay as long as the log goes back', async ({ store, consumer, reader, pass }) => {
    const put = putOf(keyIn(9), 'x');
    await consumer.apply(put);
    await pass(skewMs);
    assert.equal((await store.pruneOperations(await consumer.fence(9), 10)).removed, 0);
    assert.notEqual((await reader.operations([put.id]))[0], undefined);
  });

  shortLogTest('operations that left the log go in steps, their entries stay', async (given) => {
    const { store, consumer, reader } = given;
    const idempotency = idempotencyOf('order 21');
    const puts = Array.from({ length: 7 }, (_, index) => putOf(keyIn(9, `k${index}`), 'x'));
    const [once, elsewhere] = [putOf(keyIn(9), 'x', { idempotency }), putOf(keyIn(10), 'x')];
    await consumer.apply(...puts, once, elsewhere);
    const fence = await consumer.fence(9);
    await outlastLog(given);
    const recent = putOf(keyIn(9, 'recent'), 'x', { id: newId(keyIn(9), -longAfterMs) });
    await consumer.apply(recent);
    assert.equal((await store.pruneOperations(fence, 3)).removed, 3);
    assert.equal((await inSteps(3, () => store.pruneOperations(fence, 3))).removed, 5);

    const records = await reader.operations([once.id, recent.id, elsewhere.id]);
    assert.deepEqual(
      records.map((record) => record?.id),
      [undefined, recent.id, elsewhere.id],
    );
    assert.ok((await reader.batchGet(puts.map(({ key }) => key))).entries.every((entry) => entry !== undefined));
    assert.equal(await reader.fingerprint(idempotency.identity), undefined);
  });

  shortLogTest(
    'an operation that left the log is never applied a second time, its neighbours are applied',
    async (given) => {
      const { store, consumer, reader } = given;
      const put = putOf(keyIn(11), 'x');
      await consumer.apply(put);
      await consumer.apply(deleteOf(put.key));
      await outlastLog(given);
      const known = await consumer.applyOne(put);
      assert.notEqual(known.kind, 'settled');
      await eventually(
        'the log is pruned',
        async () => (await store.pruneOperations(await consumer.fence(11), 10)).removed === 0,
      );
      // Made when the database's time is now.
      const neighbour = (name: string) => putOf(keyIn(11, name), 'y', { id: newId(keyIn(11, name), -longAfterMs) });
      const { folded } = await consumer.apply(neighbour('before'), put, neighbour('after'));
      assert.deepEqual(
        folded.map(({ kind }) => kind),
        ['settled', 'refused', 'settled'],
      );
      assert.deepEqual((await reader.batchGet([put.key])).entries, [undefined]);
      assert.deepEqual(await reader.operations([put.id]), [undefined]);
    },
  );
}
