import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FoldResult, fold, type Key, type QueuedOperation, type Version } from '../src/index.ts';
import {
  anyNowMicros,
  anyTraffic,
  anyWorld,
  baseMs,
  cleanUp,
  commit,
  copyOf,
  inputOf,
  partitionsOf,
  type World,
} from './fold-world.ts';

/** Folds the operations in runs of the given sizes (the last one repeats), each over what the one before left. */
function foldInRuns(start: World, operations: readonly QueuedOperation[], nowMicros: number, sizes: readonly number[]) {
  const world = copyOf(start);
  const whole = { folded: [] as FoldResult['folded'][number][], writes: new Map(), claims: new Map() };
  let from = 0;
  for (let run = 0; from < operations.length; run += 1) {
    const size = sizes[Math.min(run, sizes.length - 1)] ?? 1;
    const result = fold(inputOf(world, operations.slice(from, from + size), nowMicros));
    commit(world, result);
    whole.folded.push(...result.folded);
    for (const [key, stored] of result.writes) whole.writes.set(key, stored);
    for (const [id, identity] of result.claims) whole.claims.set(id, identity);
    from += size;
  }
  return { whole, world };
}

const sizes = fc.oneof(fc.constant([1]), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }));

test('folding a batch is folding its operations one by one, or in any runs', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(anyWorld, anyTraffic, sizes, (world, operations, sizes) => {
      const nowMicros = baseMs * 1000;
      const batch = fold(inputOf(world, operations, nowMicros));
      const after = copyOf(world);
      commit(after, batch);
      const { whole, world: afterRuns } = foldInRuns(world, operations, nowMicros, sizes);
      assert.deepStrictEqual(batch.folded, whole.folded);
      assert.deepStrictEqual(batch.writes, whole.writes);
      assert.deepStrictEqual(batch.claims, whole.claims);
      assert.deepStrictEqual(after, afterRuns);
      tally(seen, batch, operations);
    }),
    { numRuns: 2000 },
  );
  // The property says nothing about what never came up.
  for (const what of ['settled', 'duplicate', 'refused', 'applied', 'rejected', 'failed', 'claim', 'partitions']) {
    assert.ok((seen.get(what) ?? 0) >= 50, `${what} came up ${seen.get(what) ?? 0} times`);
  }
  for (const what of ['idempotency-conflict', 'version-mismatch', 'no change', 'retried', 'created', 'expiring']) {
    assert.ok((seen.get(what) ?? 0) >= 50, `${what} came up ${seen.get(what) ?? 0} times`);
  }
});

function tally(
  seen: Map<string, number>,
  { folded, claims }: FoldResult,
  operations: readonly QueuedOperation[],
): void {
  const count = (what: string, isSo = true) => seen.set(what, (seen.get(what) ?? 0) + (isSo ? 1 : 0));
  count('partitions', partitionsOf(operations).size > 1);
  count('claim', claims.size > 0);
  for (const one of folded) {
    count(one.kind);
    if (one.kind !== 'settled') continue;
    const { outcome } = one.record;
    count(outcome.status === 'applied' ? 'applied' : outcome.status);
    if (outcome.status !== 'applied') count(outcome.code);
    else {
      count('no change', outcome.version === undefined);
      count('created', outcome.isCreated);
      count('expiring', outcome.expiresAt !== undefined);
      const { operation } = one;
      const hasIdentity = operation.action !== 'settle' && operation.idempotency !== undefined;
      count('retried', hasIdentity && !claims.has(operation.id));
    }
  }
}

test('fold changes none of its input', () => {
  fc.assert(
    fc.property(anyWorld, anyTraffic, (world, operations) => {
      const input = inputOf(world, operations, baseMs * 1000);
      const before = structuredClone(input);
      fold(input);
      assert.deepEqual(structuredClone(input), before);
    }),
  );
});

test('every operation is answered, in order, and an id has one outcome', () => {
  fc.assert(
    fc.property(anyWorld, anyTraffic, (world, operations) => {
      const { folded } = fold(inputOf(world, operations, baseMs * 1000));
      assert.deepEqual(
        folded.map(({ operation }) => operation),
        operations,
      );
      const outcomes = new Map<string, unknown>();
      for (const one of folded) {
        if (one.kind === 'refused') continue;
        assert.equal(one.kind, outcomes.has(one.record.id) ? 'duplicate' : 'settled');
        assert.deepEqual(outcomes.get(one.record.id) ?? one.record, one.record);
        outcomes.set(one.record.id, one.record);
      }
    }),
  );
});

const step = fc.record({ operations: anyTraffic, nowMicros: anyNowMicros, cleansUp: fc.boolean() });

test('versions of a key only grow, over deletes, expiry, clean-up and a clock that goes back', () => {
  let grown = 0;
  fc.assert(
    fc.property(anyWorld, fc.array(step, { minLength: 2, maxLength: 5 }), (world, steps) => {
      const latest = new Map<Key, Version>([...world.entries].map(([key, { version }]) => [key, version]));
      for (const { operations, nowMicros, cleansUp } of steps) {
        const result = fold(inputOf(world, operations, nowMicros));
        for (const { key, version } of newVersions(result)) {
          assert.ok(Number.isSafeInteger(version));
          const before = latest.get(key);
          if (before !== undefined) grown += 1;
          assert.ok(version > (before ?? 0), `${key}: ${version} after ${before}`);
          latest.set(key, version);
        }
        for (const [key, { version }] of result.writes) assert.equal(version, latest.get(key));
        commit(world, result);
        world.records.clear();
        world.identities.clear();
        if (cleansUp) cleanUp(world, Math.floor(nowMicros / 1000));
      }
    }),
    { numRuns: 1000 },
  );
  // Random, but four times as many come up as are asked for.
  assert.ok(grown > 1000, `${grown} versions had one before them`);
});

/** The versions a fold gave out, in order, without those repeated to a later attempt at the same write. */
function newVersions({ folded, claims }: FoldResult): { key: Key; version: Version }[] {
  return folded.flatMap((one) => {
    if (one.kind !== 'settled' || one.operation.action === 'settle') return [];
    const { operation, record } = one;
    if (operation.idempotency !== undefined && !claims.has(operation.id)) return [];
    if (record.outcome.status !== 'applied' || record.outcome.version === undefined) return [];
    return [{ key: operation.key, version: record.outcome.version }];
  });
}
