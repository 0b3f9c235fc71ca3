import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inParallel } from '../framework/eventually.ts';
import { receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Adds one to a counter the way a careful client does: read, write if unchanged, else again. */
async function increment(key: string): Promise<void> {
  for (;;) {
    const read = await store.getLatest(key);
    const headers = { 'If-Match': `"${versionOf(read)}"` };
    const written = await store.put(key, String(Number(read.text) + 1), { wait: 30, headers });
    if (written.status === 204) return;
    equal(written.status, 412, written.describe());
  }
}

describe('writers on one key', () => {
  test('lose no increment: 200 by 8 clients make 200', async () => {
    const key = store.key('counter');
    await store.write(key, '0');
    await inParallel(numbers(200), 8, () => increment(key));
    equal((await store.getLatest(key)).text, '200');
  });

  test('lose no increment when they read from the cache', async () => {
    const key = store.key('counter-cached');
    await store.write(key, '0');
    const incrementCached = async () => {
      for (;;) {
        const read = await store.get(key);
        const headers = { 'If-Match': `"${versionOf(read)}"` };
        const written = await store.put(key, String(Number(read.text) + 1), { wait: 30, headers });
        if (written.status === 204) return;
      }
    };
    await inParallel(numbers(50), 4, incrementCached);
    equal((await store.getLatest(key)).text, '50');
  });

  test('that do not wait each get one outcome, and the highest version is what stays', async () => {
    const key = store.key('crowd');
    const ids = await inParallel(numbers(200), 32, async (n) => receiptOf(await store.put(key, `writer ${n}`)).id);
    equal(new Set(ids).size, ids.length);
    const receipts = await inParallel(ids, 16, (id) => store.settled(id));
    for (const receipt of receipts) equal(receipt.status, 'applied');
    const versions = receipts.map((receipt) => receipt.version ?? 0);
    equal(new Set(versions).size, versions.length, 'no two writes share a version');
    const last = versions.indexOf(Math.max(...versions));
    const final = await store.getLatest(key);
    equal(final.text, `writer ${last}`);
    equal(versionOf(final), versions[last]);
    equal(receipts.filter((receipt) => receipt.created === true).length, 1);
  });

  test('and deleters leave a history in which each created entry was absent before', async () => {
    const key = store.key('churn');
    const receipts = await inParallel(numbers(120), 12, async (n) =>
      store.settled(n % 2 === 0 ? await store.put(key, `${n}`) : await store.delete(key)),
    );
    let isThere = false;
    const changes = receipts.filter((receipt) => receipt.version !== undefined);
    for (const receipt of changes.toSorted((a, b) => (a.version ?? 0) - (b.version ?? 0))) {
      if (receipt.action === 'put') equal(receipt.created, !isThere, `created of version ${receipt.version}`);
      else equal(isThere, true, 'a delete with a version removed something');
      isThere = receipt.action === 'put';
    }
    equal((await store.getLatest(key)).status, isThere ? 200 : 404);
  });
});

test('readers never see a version go back, and always a value that belongs to its version', async () => {
  const key = store.key('watched');
  const versions = new Map<string, number>();
  versions.set('0', await store.write(key, '0'));
  let isWriting = true;
  const seen: (readonly [text: string, version: number])[] = [];
  const readers = numbers(4).map(async () => {
    let highest = 0;
    while (isWriting) {
      const answer = await store.getLatest(key);
      ok(versionOf(answer) >= highest, `${versionOf(answer)} after ${highest}`);
      highest = versionOf(answer);
      seen.push([answer.text, highest]);
    }
  });
  for (let n = 1; n <= 100; n++) versions.set(`${n}`, await store.write(key, `${n}`));
  isWriting = false;
  await Promise.all(readers);
  for (const [text, version] of seen) equal(version, versions.get(text));
});

test('many keys at once all arrive', async () => {
  const keys = numbers(1_000).map((n) => store.key(`many/${n}`));
  await inParallel(keys, 64, (key) => store.write(key, `of ${key}`));
  const results = await store.batch(keys);
  deepEqual(
    results.map(({ value = '' }) => Buffer.from(value, 'base64').toString()),
    keys.map((key) => `of ${key}`),
  );
});

test('large writes that come at once are all taken, as much as may be under way', async () => {
  const value = 'x'.repeat(1024 * 1024);
  const keys = numbers(80).map((number) => store.key(`large-${number}`));
  const answers = await inParallel(keys, keys.length, (key) => store.put(key, value, { wait: 30 }));
  deepEqual(
    answers.filter(({ status }) => status !== 201).map((answer) => answer.describe()),
    [],
  );
  await inParallel(keys, 8, (key) => store.delete(key, { wait: 30 }));
});
