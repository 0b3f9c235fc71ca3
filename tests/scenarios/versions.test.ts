import { equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useStore, versionOf } from '../framework/store.ts';

const store = await useStore();

function assertGrowing(versions: readonly number[]): void {
  for (const [index, version] of versions.entries()) {
    ok(Number.isSafeInteger(version), `${version} is no safe integer`);
    ok(version > (versions[index - 1] ?? 0), `${versions.join(', ')} does not grow`);
  }
}

describe('the version of a key', () => {
  test('grows with every put, also of the same value', async () => {
    const key = store.key('puts');
    const versions: number[] = [];
    for (let n = 0; n < 20; n++) versions.push(await store.write(key, 'same'));
    assertGrowing(versions);
  });

  test('grows over deletes and new puts', async () => {
    const key = store.key('deletes');
    const versions: number[] = [];
    for (let round = 0; round < 5; round++) {
      versions.push(await store.write(key, `round ${round}`));
      const removed = await store.settled(await store.delete(key));
      ok(removed.version !== undefined, 'the delete of an entry has a version');
      versions.push(removed.version);
    }
    assertGrowing(versions);
  });

  test('counts microseconds since 1970 at least', async () => {
    const before = Date.now();
    const version = await store.write(store.key('clock'), 'value');
    // The server's clock may be one second off.
    ok(version >= (before - 1_000) * 1_000 && version <= (Date.now() + 1_000) * 1_000, `${version}`);
  });

  test('is the same in the ETag, the operation, the list and batchGet', async () => {
    const key = store.key('everywhere');
    const receipt = await store.settled(await store.put(key, 'value'));
    const page = await store.list(`?prefix=${encodeURIComponent(key)}`);
    const [result] = await store.batch([key]);
    for (const version of [versionOf(await store.get(key)), page.entries[0]?.version, result?.version]) {
      equal(version, receipt.version);
    }
  });

  test('does not change by a rejected write', async () => {
    const key = store.key('rejected');
    const version = await store.write(key, 'value');
    equal((await store.put(key, 'other', { wait: 10, headers: { 'If-None-Match': '*' } })).status, 412);
    equal(versionOf(await store.getLatest(key)), version);
  });
});

test('the delete of an absent key changes nothing and has no version', async () => {
  const key = store.key('absent');
  const never = await store.settled(await store.delete(key));
  equal(never.status, 'applied');
  equal(never.version, undefined);

  await store.write(key, 'value');
  await store.erase(key);
  const again = await store.settled(await store.delete(key));
  equal(again.status, 'applied');
  equal(again.version, undefined);
});

test('writes sent after each other are applied in that order, without waiting for any', async () => {
  const key = store.key('order');
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) {
    const answer = n % 5 === 4 ? await store.delete(key) : await store.put(key, `${n}`);
    ids.push((answer.json() as { id: string }).id);
  }
  const versions: number[] = [];
  for (const id of ids) versions.push((await store.settled(id)).version ?? 0);
  assertGrowing(versions);
  equal((await store.getLatest(key)).status, 404);
});
