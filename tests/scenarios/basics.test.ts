import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();

describe('an entry', () => {
  test('is put, read, replaced and deleted', async () => {
    const key = store.key('cities/lisbon');
    equal((await store.put(key, 'Lisboa', { wait: 10 })).status, 201);
    equal((await store.get(key)).text, 'Lisboa');
    equal((await store.put(key, 'Lisbon', { wait: 10 })).status, 204);
    equal((await store.get(key)).text, 'Lisbon');
    equal((await store.delete(key, { wait: 10 })).status, 204);
    equal((await store.get(key)).status, 404);
  });

  test('is queued by a plain PUT and there soon after', async () => {
    const key = store.key('plain');
    const answer = await store.put(key, 'value');
    equal((await store.settled(answer)).status, 'applied');
    equal((await store.get(key)).text, 'value');
  });

  test('is removed by a plain DELETE', async () => {
    const key = store.key('plain-delete');
    await store.write(key, 'value');
    const receipt = receiptOf(await store.delete(key));
    equal(receipt.action, 'delete');
    equal((await store.settled(receipt.id)).status, 'applied');
    equal((await store.get(key)).status, 404);
  });

  test('comes with the headers a client needs to cache and revalidate it', async () => {
    const key = store.key('headers');
    const before = Date.now();
    const version = await store.write(key, 'six by', { 'Content-Type': 'text/plain' });
    const answer = await store.get(key);
    equal(answer.status, 200);
    equal(answer.header('content-type'), 'text/plain');
    equal(answer.header('content-length'), '6');
    equal(versionOf(answer), version);
    match(answer.header('age') ?? '', /^\d+$/);
    match(answer.header('cache-status') ?? '', /^[A-Za-z][\w.-]*; *(hit|fwd=)/);
    const modified = Date.parse(answer.header('last-modified') ?? '');
    // HTTP dates are whole seconds, and the store's clock may be one second off.
    ok(modified >= before - 2_000 && modified <= Date.now() + 1_000, answer.header('last-modified'));
    equal(answer.header('kv-expires'), undefined);
  });

  test('has nothing to do with the entry of another key', async () => {
    await store.write(store.key('one'), '1');
    await store.write(store.key('one/two'), '12');
    await store.write(store.key('one '), '1 ');
    deepEqual(
      await Promise.all(['one', 'one/two', 'one '].map(async (name) => (await store.get(store.key(name))).text)),
      ['1', '12', '1 '],
    );
    await store.erase(store.key('one'));
    equal((await store.get(store.key('one/two'))).text, '12');
  });
});

describe('an absent key', () => {
  test('is 404 not-found for GET and 404 without a body for HEAD', async () => {
    const path = `/kv/${store.key('never-written')}`;
    equal((await store.request('GET', path)).status, 404);
    equal((await store.request('HEAD', path)).status, 404);
  });

  test('can be deleted: nothing changes and it is no error', async () => {
    equal((await store.delete(store.key('absent'), { wait: 10 })).status, 204);
  });
});

test('HEAD answers with the headers of GET and no body', async () => {
  const key = store.key('head');
  await store.write(key, 'value', { 'Content-Type': 'text/plain', 'KV-Meta-Kind': 'demo' });
  const [get, head] = [await store.get(key), await store.request('HEAD', `/kv/${key}`)];
  equal(head.status, 200);
  for (const name of ['content-type', 'content-length', 'etag', 'last-modified', 'kv-meta-kind', 'accept-ranges']) {
    equal(head.header(name), get.header(name), name);
  }
});
