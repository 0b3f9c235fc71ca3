import assert from 'node:assert/strict';
import { StrataError } from '../errors.ts';
import { parseKey } from '../key.ts';
import type { StoreAbilities, StoreTest } from './entry-store-suite.ts';
import { keyIn, newId, putOf } from './sample-operations.ts';

/** What a read of several keys shows. */
export function entryReaderCases(storeTest: StoreTest, { canBeCutOff = false }: StoreAbilities): void {
  storeTest('entries come in the order asked, also absent and repeated ones', async ({ consumer, reader }) => {
    await consumer.apply(putOf('a', '1'), putOf('b', '2'));
    const keys = ['b', 'none', 'a', 'b'].map(parseKey);
    const { entries } = await reader.batchGet(keys);
    assert.deepEqual(
      entries.map((entry) => entry?.key),
      ['b', undefined, 'a', 'b'],
    );
    assert.deepEqual((await reader.batchGet([])).entries, []);
  });

  storeTest('1,000 keys are read at once', async ({ consumer, reader }) => {
    const puts = Array.from({ length: 1000 }, (_, index) => putOf(`k${index}`, new Uint8Array(8000).fill(index % 256)));
    await consumer.apply(...puts);
    const { entries } = await reader.batchGet(puts.map(({ key }) => key));
    assert.equal(entries.length, 1000);
    for (const [index, put] of puts.entries()) {
      assert.equal(Buffer.compare(entries[index]?.value ?? Buffer.from('missing'), put.value), 0);
    }
  });

  storeTest('a read shows every write committed before it', async ({ consumer, reader }) => {
    for (let round = 0; round < 50; round += 1) {
      const version = await consumer.version(putOf('counter', String(round)));
      assert.equal((await reader.batchGet([parseKey('counter')])).entries[0]?.version, version);
    }
  });

  storeTest('a read is one snapshot: a batch is there as a whole or not at all', async ({ consumer, reader }) => {
    const keys = [0, 5, 10, 15].map((partition) => keyIn(partition, 'together'));
    await consumer.apply(...keys.map((key) => putOf(key, 'x'.repeat(1))));
    let isWriting = true;
    const writing = (async () => {
      for (let size = 2; size < 150; size += 1) {
        await consumer.apply(...keys.map((key) => putOf(key, 'x'.repeat(size))));
      }
      isWriting = false;
    })();
    const seen = new Set<number>();
    const list = { prefix: 'together', delimiter: undefined, after: undefined, limit: 100, maxBytes: 100_000 };
    while (isWriting) {
      const [{ entries }, page] = await Promise.all([reader.batchGet(keys), reader.scan(list)]);
      const sizes = new Set(entries.map((entry) => entry?.value.length));
      const listed = new Set(page.entries.map(({ size }) => size));
      assert.deepEqual([sizes.size, listed.size], [1, 1], `half a batch was read: ${[...sizes]} or ${[...listed]}`);
      seen.add(entries[0]?.value.length ?? 0);
    }
    await writing;
    assert.ok(seen.size > 1, 'reads and writes went on at the same time');
  });

  storeTest('an unknown identity has no fingerprint', async ({ reader }) => {
    assert.equal(await reader.fingerprint('never-seen'), undefined);
  });

  storeTest('it tells for how many partitions it was made, and how far back its log goes', async ({ reader }) => {
    const { partitionCount, logHorizon } = await reader.installation();
    assert.equal(partitionCount, 16);
    assert.ok(logHorizon < Date.now(), 'the log goes back at least to now');
  });

  storeTest('a healthy store says so', async ({ store, reader }) => {
    await store.check();
    await reader.check();
  });

  if (!canBeCutOff) return;
  storeTest('without its database every call says unavailable', async ({ store, reader, consumer, cutOff }) => {
    assert.ok(cutOff, 'the harness can cut the store off');
    const fence = await consumer.fence(0);
    await cutOff();
    const put = putOf(keyIn(0), 'x');
    const calls = [
      () => reader.batchGet([put.key]),
      () => reader.scan({ prefix: '', delimiter: undefined, after: undefined, limit: 1, maxBytes: 1000 }),
      () => reader.operations([newId('x')]),
      () => reader.fingerprint('x'),
      () => reader.installation(),
      () => reader.check(),
      () => store.check(),
      () => store.raiseFence(0),
      () => store.uncountRaise(0),
      () => store.apply({ fences: [fence], operations: [put] }),
      () => store.expire(fence, 1),
    ];
    for (const call of calls) {
      await assert.rejects(call, (error) => error instanceof StrataError && error.code === 'unavailable');
    }
  });
}
