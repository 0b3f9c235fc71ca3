import assert from 'node:assert/strict';
import type { CachedEntry } from '../ports/entry-cache.ts';
import { type CacheTest, entryOf } from './entry-cache-suite.ts';

const miss = { kind: 'miss', lease: undefined, stale: undefined };

// Caches give back equal bytes, as a Buffer or not.
const plain = (cached: CachedEntry | undefined) =>
  cached && {
    asOf: cached.asOf,
    entry: cached.entry && { ...cached.entry, value: Buffer.from(cached.entry.value).toString('hex') },
  };

/** Lookups, leases and fills, as long as nobody writes. */
export function entryCacheReadCases(cacheTest: CacheTest): void {
  const entry = entryOf('a', 5_000_000);
  const { key } = entry;

  cacheTest('a miss gives a lease to who wants one, to one reader at a time', async ({ cache }) => {
    assert.deepEqual(await cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: false }]), [miss]);
    const [first, second] = await cache.lookup([
      { key, maxAgeMs: 60_000, wantsLease: true },
      { key, maxAgeMs: 60_000, wantsLease: true },
    ]);
    assert.ok(first?.kind === 'miss' && first.lease !== undefined);
    assert.deepEqual(second, miss);
    assert.deepEqual(await cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: true }]), [miss]);
  });

  cacheTest('a fill with the lease is taken, and hit by everybody', async (given) => {
    const asOf = given.now();
    const full = entryOf('a', 5_000_000, {
      value: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      contentType: 'text/html; charset=utf-8',
      meta: [
        ['author', 'Zoë'],
        ['author', ''],
      ],
      expiresAt: asOf + 60_000,
    });
    assert.equal(await given.fill(key, await given.lease(key), full, asOf), true);
    for (const answer of [await given.ask(key), await given.ask(key)]) {
      assert.ok(answer.kind === 'hit');
      assert.deepEqual(plain(answer.cached), plain({ entry: full, asOf }));
    }
  });

  cacheTest('there is one answer for each query and each fill, in order', async (given) => {
    const entries = ['a', 'b', 'c'].map((text) => entryOf(text, 5_000_000));
    assert.deepEqual(await given.cache.lookup([]), []);
    assert.deepEqual(await given.cache.fill([]), []);
    const queries = entries.map((each) => ({ key: each.key, maxAgeMs: 60_000, wantsLease: true }));
    const leases = (await given.cache.lookup(queries)).map((answer) =>
      answer.kind === 'miss' ? answer.lease : undefined,
    );
    assert.equal(new Set(leases).size, 3);
    const asOf = given.now();
    const fills = entries.map((each, index) => ({
      key: each.key,
      entry: each,
      asOf,
      lease: index === 1 ? 'not a lease' : (leases[index] ?? ''),
    }));
    assert.deepEqual(await given.cache.fill(fills), [true, false, true]);
    const mixed = [...queries, ...queries].reverse();
    assert.deepEqual(
      (await given.cache.lookup(mixed)).map((answer) => answer.kind === 'hit' && answer.cached.entry?.key),
      ['c', false, 'a', 'c', false, 'a'],
    );
  });

  cacheTest('a lease is good for one fill of its own key', async (given) => {
    const lease = await given.lease(key);
    const other = entryOf('b', 5_000_000);
    assert.equal(await given.fill(other.key, lease, other), false);
    assert.equal(await given.fill(key, lease, entry), true);
    assert.equal(await given.fill(key, lease, entryOf('a', 6_000_000), given.now() + 1), false);
    assert.equal((await given.held(key))?.entry?.version, entry.version);
    assert.equal(await given.held(other.key), undefined);
  });

  cacheTest('a lease that ran out goes to another reader', async (given) => {
    const late = await given.lease(key);
    await given.pass(given.settings.leaseTermMs + 100);
    const next = await given.lease(key);
    assert.notEqual(next, late);
    assert.equal(await given.fill(key, late, entry), false);
    assert.equal(await given.fill(key, next, entry), true);
  });

  cacheTest('a fill comes too late when its lease ran out, also when nobody else took it', async (given) => {
    const late = await given.lease(key);
    await given.pass(given.settings.leaseTermMs + 100);
    assert.equal(await given.fill(key, late, entry), false);
    assert.equal(await given.held(key), undefined);
  });

  cacheTest('age counts from asOf, and the reader says how old is too old', async (given) => {
    const asOf = given.now() - 200;
    await given.fill(key, await given.lease(key), entry, asOf);
    assert.deepEqual(plain(await given.held(key, 5000)), plain({ entry, asOf }));
    const answer = await given.ask(key, 150);
    assert.ok(answer.kind === 'miss' && answer.lease !== undefined);
    assert.deepEqual(plain(answer.stale), plain({ entry, asOf }));
    // The others still have it, and who needs it fresher does not get a second lease.
    assert.notEqual(await given.held(key, 5000), undefined);
    const second = await given.ask(key, 150);
    assert.ok(second.kind === 'miss' && second.lease === undefined && second.stale !== undefined);
    assert.equal(await given.fill(key, answer.lease, entry, given.now()), true);
    assert.notEqual(await given.held(key, 150), undefined);
  });

  cacheTest('a fill is refused over a higher version', async (given) => {
    await given.fill(key, await given.lease(key), entry, given.now() - 200);
    const older = entryOf('a', entry.version - 1);
    assert.equal(await given.fill(key, await given.lease(key, 100), older, given.now()), false);
    assert.equal((await given.held(key))?.entry?.version, entry.version);
  });

  cacheTest('a fill is refused over something as fresh', async (given) => {
    const asOf = given.now() - 200;
    await given.fill(key, await given.lease(key), entry, asOf);
    assert.equal(await given.fill(key, await given.lease(key, 100), entry, asOf), false);
    assert.equal(await given.fill(key, await given.lease(key, 100), undefined, asOf - 1), false);
    assert.deepEqual(plain(await given.held(key)), plain({ entry, asOf }));
    const newer = entryOf('a', entry.version + 1);
    assert.equal(await given.fill(key, await given.lease(key, 100), newer, asOf + 1), true);
    assert.deepEqual(plain(await given.held(key)), plain({ entry: newer, asOf: asOf + 1 }));
  });

  cacheTest('absence is cached, briefly, and as old as the reader allows', async (given) => {
    const asOf = given.now();
    assert.equal(await given.fill(key, await given.lease(key), undefined, asOf), true);
    assert.deepEqual(await given.held(key), { entry: undefined, asOf });
    await given.pass(200);
    assert.deepEqual(await given.held(key), { entry: undefined, asOf });
    assert.equal(await given.held(key, 100), undefined);
    await given.pass(given.settings.absentTtlMs);
    assert.equal(await given.held(key), undefined);
    await given.lease(key);
  });

  cacheTest('an entry that came to be absent, and back, replaces what was there', async (given) => {
    const asOf = given.now() - 300;
    await given.fill(key, await given.lease(key), entry, asOf);
    assert.equal(await given.fill(key, await given.lease(key, 100), undefined, asOf + 100), true);
    assert.deepEqual(await given.held(key), { entry: undefined, asOf: asOf + 100 });
    assert.equal(await given.fill(key, await given.lease(key, 100), entry, asOf + 200), true);
    assert.deepEqual(plain(await given.held(key)), plain({ entry, asOf: asOf + 200 }));
  });

  cacheTest('an expired entry is never given out, not as stale either', async (given) => {
    const brief = entryOf('a', 5_000_000, { expiresAt: given.now() + 300 });
    await given.fill(key, await given.lease(key), brief);
    assert.notEqual(await given.held(key), undefined);
    await given.pass(350);
    for (const maxAgeMs of [60_000, 0]) {
      const answer = await given.ask(key, maxAgeMs);
      assert.ok(answer.kind === 'miss');
      assert.equal(answer.stale, undefined);
    }
  });

  cacheTest('what is too old is kept for a while beyond its freshness', async (given) => {
    const { freshMs, staleMaxMs } = given.settings;
    await given.fill(key, await given.lease(key), entry, given.now());
    await given.pass(freshMs + 100);
    const [answer] = await given.cache.lookup([{ key, maxAgeMs: freshMs, wantsLease: false }]);
    assert.ok(answer?.kind === 'miss');
    assert.equal(answer.stale?.entry?.version, entry.version);
    await given.pass(staleMaxMs);
    assert.deepEqual(await given.cache.lookup([{ key, maxAgeMs: freshMs, wantsLease: false }]), [miss]);
  });

  cacheTest('large values and hard keys are kept as they are', async (given) => {
    const texts = ['__proto__', 'a%2Fb', 'a/b', '😀', 'x'.repeat(512), '{a}', 'a b', "'", 'é', 'e\u0301'];
    const entries = texts.map((text, index) =>
      entryOf(text, 5_000_000 + index, { value: new Uint8Array(100_000).fill(index) }),
    );
    for (const each of entries) await given.fill(each.key, await given.lease(each.key), each);
    for (const each of entries) {
      assert.deepEqual(plain(await given.held(each.key))?.entry, plain({ entry: each, asOf: 0 })?.entry);
    }
    const large = entryOf('large', 5_000_000, { value: new Uint8Array(1024 * 1024).fill(7) });
    await given.fill(large.key, await given.lease(large.key), large);
    assert.equal(Buffer.compare((await given.held(large.key))?.entry?.value ?? Buffer.alloc(0), large.value), 0);
  });

  cacheTest('a healthy cache says so', async ({ cache }) => {
    await cache.check();
  });
}
