import { equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { assertProblem } from '../framework/problems.ts';
import { useStore, versionOf } from '../framework/store.ts';

const store = await useStore();

async function tokenOfPut(key: string, value: string): Promise<string> {
  const token = (await store.put(key, value)).header('sync-token');
  ok(token, 'a queued write has a Sync-Token');
  return token;
}

describe('a read with the Sync-Token of a write', () => {
  test('sees the write at once, although nobody waited for it', async () => {
    const key = store.key('put');
    for (let n = 0; n < 30; n++) {
      const token = await tokenOfPut(key, `${n}`);
      equal((await store.get(key, { 'Sync-Token': token })).text, `${n}`);
    }
  });

  test('sees a delete', async () => {
    const key = store.key('delete');
    await store.write(key, 'value');
    await store.get(key);
    const token = (await store.delete(key)).header('sync-token') ?? '';
    equal((await store.get(key, { 'Sync-Token': token })).status, 404);
  });

  test('sees it through a cache that has the older value', async () => {
    const key = store.key('cached');
    await store.write(key, 'old');
    await store.get(key);
    const token = await tokenOfPut(key, 'new');
    equal((await store.get(key, { 'Sync-Token': token, 'Cache-Control': 'max-age=600' })).text, 'new');
  });

  test('sees something at least as new when there are newer writes', async () => {
    const key = store.key('newer');
    const token = await tokenOfPut(key, 'old');
    await store.write(key, 'new');
    equal((await store.get(key, { 'Sync-Token': token })).text, 'new');
  });

  test('works for HEAD and with a Prefer of its own', async () => {
    const key = store.key('head');
    const headers = { 'Sync-Token': await tokenOfPut(key, 'value'), Prefer: 'wait=10' };
    equal((await store.request('HEAD', `/kv/${key}`, { headers })).status, 200);
  });

  test('never goes to the database for a client that takes only what is cached', async () => {
    const key = store.key('only-if-cached');
    await store.write(key, 'value');
    await store.get(key);
    const token = (await store.delete(key)).header('sync-token') ?? '';
    await store.request('GET', '/kv?limit=1', { headers: { 'Sync-Token': token } });
    const answer = await store.get(key, { 'Sync-Token': token, 'Cache-Control': 'only-if-cached' });
    ok(answer.status === 404 || answer.status === 504, `${answer.status}`);
    ok(!/fwd=/.test(answer.header('cache-status') ?? ''), 'the database was not read');
  });

  test('says on lists and batches that its Prefer was honoured', async () => {
    const key = store.key('preferred');
    const headers = { 'Sync-Token': await tokenOfPut(key, 'value'), Prefer: 'wait=7' };
    equal((await store.request('GET', '/kv?limit=1', { headers })).header('preference-applied'), 'wait=7');
  });

  test('works with the token of a write that was waited for', async () => {
    const key = store.key('waited');
    const answer = await store.put(key, 'value', { wait: 10 });
    const read = await store.get(key, { 'Sync-Token': answer.header('sync-token') ?? '' });
    equal(versionOf(read), versionOf(answer));
  });

  test('of a rejected write answers what there is: it has an outcome', async () => {
    const key = store.key('rejected');
    await store.write(key, 'stays');
    const rejected = await store.put(key, 'no', { headers: { 'If-None-Match': '*' } });
    equal((await store.get(key, { 'Sync-Token': rejected.header('sync-token') ?? '' })).text, 'stays');
  });

  test('on another key waits for it and answers that key', async () => {
    const token = await tokenOfPut(store.key('here'), 'here');
    await store.write(store.key('there'), 'there');
    equal((await store.get(store.key('there'), { 'Sync-Token': token })).text, 'there');
    equal((await store.request('GET', `/operations/${token}`)).status, 200);
  });
});

describe('several tokens', () => {
  test('are a list, with or without spaces, or several headers', async () => {
    const [a, b] = [store.key('list/a'), store.key('list/b')];
    const tokens = await Promise.all([tokenOfPut(a, 'a'), tokenOfPut(b, 'b')]);
    for (const value of [tokens.join(', '), tokens.join(','), tokens]) {
      equal((await store.get(a, { 'Sync-Token': value })).text, 'a');
      equal((await store.get(b, { 'Sync-Token': value })).text, 'b');
    }
  });

  test('one of them not ours: 400', async () => {
    const token = await tokenOfPut(store.key('list/mixed'), 'x');
    const answer = await store.get(store.key('list/mixed'), { 'Sync-Token': `${token}, nonsense` });
    assertProblem(answer, 'invalid-sync-token', 400);
  });
});

describe('a token that is not ours is refused with 400', () => {
  const foreign: readonly (readonly [what: string, token: string])[] = [
    ['a word', 'nonsense'],
    ['an empty one', ''],
    ['a UUID', '550e8400-e29b-41d4-a716-446655440000'],
    ['random base64url', randomBytes(24).toString('base64url')],
    ['a very long one', 'a'.repeat(2_000)],
  ];
  for (const [what, token] of foreign) {
    test(what, async () => {
      assertProblem(await store.get(store.key('foreign'), { 'Sync-Token': token }), 'invalid-sync-token', 400);
    });
  }

  test('one of ours with a character changed', async () => {
    const token = await tokenOfPut(store.key('tampered'), 'x');
    const changed = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    assertProblem(await store.get(store.key('tampered'), { 'Sync-Token': changed }), 'invalid-sync-token', 400);
  });
});
