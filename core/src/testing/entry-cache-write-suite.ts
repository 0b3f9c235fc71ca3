import assert from 'node:assert/strict';
import { parseKey } from '../key.ts';
import { type CacheCase, type CacheTest, entryOf } from './entry-cache-suite.ts';

const miss = { kind: 'miss', lease: undefined, stale: undefined };

/** Markers, and puts by consumers, with readers in between. */
export function entryCacheWriteCases(cacheTest: CacheTest): void {
  const before = entryOf('a', 5_000_000);
  const after = entryOf('a', 6_000_000);
  const { key } = before;
  const other = parseKey('b');

  const versionHeld = async (given: CacheCase) => (await given.held(key))?.entry?.version;
  const put = (given: CacheCase, marker: string, stored = after) =>
    given.cache.put([key], [{ stored, asOf: given.now() }], marker);

  cacheTest('invalidate removes the entry, not only for later but for stale-if-error too', async (given) => {
    await given.fill(key, await given.lease(key), before);
    await given.cache.invalidate([key], 'batch 1');
    assert.deepEqual(await given.ask(key), miss);
  });

  cacheTest('while a marker stands there are no leases and no fills', async (given) => {
    const lease = await given.lease(key);
    await given.cache.invalidate([key, other], 'batch 1');
    assert.deepEqual(await given.ask(key), miss);
    assert.deepEqual(await given.ask(other), miss);
    assert.equal(await given.fill(key, lease, before), false);
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('a put with its own marker is hit, and takes the marker away', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    const asOf = given.now();
    await given.cache.put([key], [{ stored: after, asOf }], 'batch 1');
    const cached = await given.held(key);
    assert.equal(cached?.asOf, asOf);
    assert.equal(cached?.entry?.version, after.version);
    assert.equal(Buffer.from(cached?.entry?.value ?? []).toString(), 'version 6000000');
    assert.deepEqual(cached?.entry?.meta, after.meta);
    await given.pass(50);
    const lease = await given.lease(key, 10);
    assert.equal(await given.fill(key, lease, after), true);
  });

  cacheTest('the lease of before an invalidation is void after the put too', async (given) => {
    const lease = await given.lease(key);
    await given.cache.invalidate([key], 'batch 1');
    await given.cache.put([key], [], 'batch 1');
    assert.equal(await given.fill(key, lease, before, given.now() + 1), false);
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('a put takes the marker away from keys that did not change', async (given) => {
    await given.cache.invalidate([key, other], 'batch 1');
    await given.cache.put([key, other], [{ stored: after, asOf: given.now() }], 'batch 1');
    assert.equal(await given.held(other), undefined);
    assert.equal(await given.fill(other, await given.lease(other), undefined), true);
  });

  cacheTest('the tombstone of a delete is cached as absence, over which an older entry is refused', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    const asOf = given.now();
    const tombstone = { key, version: after.version, deletedAt: asOf };
    await given.cache.put([key], [{ stored: tombstone, asOf }], 'batch 1');
    assert.deepEqual(await given.held(key), { entry: undefined, asOf });
    await given.pass(50);
    assert.equal(await given.fill(key, await given.lease(key, 10), before), false);
    assert.deepEqual(await given.held(key), { entry: undefined, asOf });
    const newer = entryOf('a', after.version + 1);
    assert.equal(await given.fill(key, await given.lease(key, 10), newer), true);
  });

  cacheTest('a put without a marker stores nothing', async (given) => {
    await put(given, 'batch 1');
    assert.equal(await given.held(key), undefined);
    await given.lease(key);
  });

  cacheTest('a put without its marker removes what is older', async (given) => {
    await given.fill(key, await given.lease(key), before);
    await put(given, 'batch 1');
    const answer = await given.ask(key);
    assert.ok(answer.kind === 'miss' && answer.stale === undefined);
  });

  cacheTest('a put without its marker leaves what is newer, or the same', async (given) => {
    const newer = entryOf('a', after.version + 1);
    await given.fill(key, await given.lease(key), newer);
    await put(given, 'batch 1');
    await put(given, 'batch 1', newer);
    assert.equal(await versionHeld(given), newer.version);
  });

  cacheTest('a put without its marker removes absence found before it', async (given) => {
    await given.fill(key, await given.lease(key), undefined, given.now() - 100);
    await put(given, 'batch 1');
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('a put without its marker voids the lease: its reader may hold the entry of before', async (given) => {
    // As when the marker was lost: the reader came between invalidate and commit, and fills after the put.
    const lease = await given.lease(key);
    await put(given, 'batch 1');
    assert.equal(await given.fill(key, lease, before), false);
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('a put leaves the marker of another batch', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await given.cache.invalidate([key], 'batch 2');
    await put(given, 'batch 1', before);
    assert.deepEqual(await given.ask(key), miss);
    await put(given, 'batch 2');
    assert.equal(await versionHeld(given), after.version);
  });

  cacheTest('a marker that ran out lets readers in again, and its put stores nothing', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await given.pass(given.settings.markerTermMs + 100);
    assert.equal(await given.fill(key, await given.lease(key), before), true);
    await put(given, 'batch 1');
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('a marker that ran out stores nothing, also when no reader came meanwhile', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await given.pass(given.settings.markerTermMs + 100);
    await put(given, 'batch 1');
    assert.equal(await given.held(key), undefined);
    await given.lease(key);
  });

  cacheTest('a marker stands for its full term', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await given.pass(given.settings.markerTermMs - 300);
    assert.deepEqual(await given.ask(key), miss);
    await put(given, 'batch 1');
    assert.equal(await versionHeld(given), after.version);
  });

  cacheTest('the second put of a batch stores nothing, so an answer that was lost does no harm', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await put(given, 'batch 1');
    await put(given, 'batch 1');
    assert.equal(await versionHeld(given), after.version);
    await given.cache.invalidate([key], 'batch 2');
    await put(given, 'batch 1');
    assert.deepEqual(await given.ask(key), miss);
  });

  cacheTest('an entry that was put expires like one that was filled', async (given) => {
    await given.cache.invalidate([key], 'batch 1');
    await put(given, 'batch 1', entryOf('a', after.version, { expiresAt: given.now() + 300 }));
    assert.equal(await versionHeld(given), after.version);
    await given.pass(350);
    const answer = await given.ask(key);
    assert.ok(answer.kind === 'miss' && answer.stale === undefined);
  });

  cacheTest('1,000 keys are invalidated and put at once', async (given) => {
    const entries = Array.from({ length: 1000 }, (_, index) => entryOf(`k${index}`, 5_000_000 + index));
    const keys = entries.map((entry) => entry.key);
    await given.cache.invalidate(keys, 'batch 1');
    const asOf = given.now();
    await given.cache.put(
      keys,
      entries.map((stored) => ({ stored, asOf })),
      'batch 1',
    );
    const answers = await given.cache.lookup(keys.map((each) => ({ key: each, maxAgeMs: 60_000, wantsLease: false })));
    for (const [index, answer] of answers.entries()) {
      assert.equal(answer.kind === 'hit' && answer.cached.entry?.version, 5_000_000 + index);
    }
    await given.cache.invalidate([], 'batch 2');
    await given.cache.put([], [], 'batch 2');
  });
}
