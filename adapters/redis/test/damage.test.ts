import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import { entryOf } from '@stratakv/core/testing';
import { useRedis } from './file-redis.ts';
import { type OpenCache, openCache } from './open-cache.ts';

const entry = entryOf('a', 5_000_000);
const large = entryOf('large', 5_000_000, { value: new Uint8Array(300_000).fill(7) });
const { key } = entry;

const { redis, admin } = await useRedis();
let given: OpenCache;

beforeEach(async (context) => {
  given = await openCache(context as TestContext, redis);
});

async function fillBoth(): Promise<void> {
  for (const each of [entry, large]) {
    assert.equal(await given.fill(each.key, await given.lease(each.key), each), true);
  }
}

test('one flipped bit anywhere in an entry: a miss, never another answer, and it can be filled again', async () => {
  await fillBoth();
  const slot = given.slot(key);
  const whole = await admin.getBuffer(slot);
  assert.ok(whole);
  const lease = { from: 1, to: 29 };
  for (let at = 0; at < whole.length; at += 1) {
    if (at >= lease.from && at < lease.to) continue;
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    await admin.set(slot, bytes, 'PX', 60_000);
    const answer = await given.ask(key);
    assert.ok(answer.kind === 'miss' && answer.stale === undefined, `byte ${at}`);
    assert.ok(answer.lease !== undefined, `byte ${at}`);
    assert.equal(await given.fill(key, answer.lease, entry), true, `byte ${at}`);
    assert.equal((await given.held(key))?.entry?.version, entry.version);
  }
  assert.ok(given.countOf('damaged') > whole.length - 40);
});

test('an entry that is cut off, empty, or followed by something', async () => {
  await fillBoth();
  for (const name of [given.slot(key), given.slot(large.key)]) {
    const whole = await admin.getBuffer(name);
    assert.ok(whole);
    const cuts = [0, 1, 36, 37, 66, 67, whole.length - 1].map((length) => whole.subarray(0, length));
    for (const bytes of [...cuts, Buffer.concat([whole, Buffer.from('x')]), Buffer.from('something else')]) {
      await admin.set(name, bytes, 'PX', 60_000);
      const each = name === given.slot(key) ? entry : large;
      assert.equal(await given.fill(each.key, await given.lease(each.key), each), true, `${bytes.length} bytes`);
      assert.equal((await given.held(each.key))?.entry?.version, each.version);
    }
  }
});

test('who wants no lease has a damaged entry removed too', async () => {
  await fillBoth();
  await admin.setrange(given.slot(key), 100, 'damage');
  assert.equal(await given.held(key), undefined);
  assert.deepEqual(given.events.at(-1), { kind: 'damaged', key });
  assert.equal(await admin.exists(given.slot(key)), 0);
});

test('a damaged entry does not take its neighbours with it', async () => {
  await fillBoth();
  await admin.setrange(given.slot(key), 100, 'damage');
  const answers = await given.cache.lookup(
    [large.key, key, large.key].map((each) => ({ key: each, maxAgeMs: 60_000, wantsLease: true })),
  );
  assert.deepEqual(
    answers.map((answer) => answer.kind),
    ['hit', 'miss', 'hit'],
  );
});

test('the body of a large entry that is missing, damaged, or of another write', async (context) => {
  const body = given.body(large.key);
  const spoil = [
    () => admin.del(body),
    () => admin.setrange(body, 200_000, 'damage'),
    () => admin.setrange(body, 0, 'damage'),
    () => admin.set(body, 'short'),
    async () => {
      const other = await openCache(context, redis);
      const newer = { ...large, version: large.version + 1 };
      await other.fill(large.key, await other.lease(large.key), newer);
      const bytes = await admin.getBuffer(other.body(large.key));
      await admin.set(body, bytes ?? '');
    },
  ];
  for (const each of spoil) {
    assert.equal(await given.fill(large.key, await given.lease(large.key), large), true);
    await each();
    assert.equal(await given.held(large.key), undefined);
  }
  assert.equal(given.countOf('damaged'), spoil.length);
});

test('the entry of another key in the slot is no answer', async () => {
  await fillBoth();
  await admin.copy(given.slot(key), given.slot('b'));
  assert.equal(await given.held(entryOf('b', 1).key), undefined);
  await admin.copy(given.slot(large.key), given.slot('b'));
  await admin.copy(given.body(large.key), given.body('b'));
  assert.equal(await given.held(entryOf('b', 1).key), undefined);
});

test('something else than a string in the slot goes when a lease is wanted, or a write comes', async () => {
  await admin.hset(given.slot(key), 'field', 'value');
  assert.equal(await given.held(key), undefined);
  assert.equal(await given.fill(key, await given.lease(key), entry), true);
  await admin.del(given.slot(key));
  await admin.hset(given.slot(key), 'field', 'value');
  await given.cache.invalidate([key], 'batch 1');
  await given.put(entry, 'batch 1');
  assert.equal((await given.held(key))?.entry?.version, entry.version);
});

test('a put removes what is damaged when its marker was lost', async () => {
  await admin.set(given.slot(key), 'E and nothing that belongs to it');
  await given.put(entry, 'batch 1');
  assert.equal(await admin.exists(given.slot(key)), 0);
});
