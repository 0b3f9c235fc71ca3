import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertProblem } from '../framework/problems.ts';
import { useStore, versionOf } from '../framework/store.ts';

const store = await useStore();
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Beyond an expiry, the second by which the clocks of the servers may differ. */
const skewMs = 1_100;

describe('KV-TTL', () => {
  for (const ttl of ['1', '60', '315360000']) {
    test(`${ttl} is taken`, async () => {
      const answer = await store.put(store.key('bounds'), 'x', { wait: 10, headers: { 'KV-TTL': ttl } });
      ok(answer.status === 201 || answer.status === 204, answer.describe());
    });
  }

  const bad = ['0', '-1', '+5', '1.5', '1e3', '0x10', 'abc', '', '315360001', '99999999999999999999', '5s', '1, 2'];
  for (const ttl of bad) {
    test(`'${ttl}' is refused with 400`, async () => {
      const key = store.key('bad');
      assertProblem(await store.put(key, 'x', { headers: { 'KV-TTL': ttl } }), 'invalid-header', 400);
      equal((await store.getLatest(key)).status, 404);
    });
  }

  test('sent twice is refused with 400', async () => {
    const answer = await store.put(store.key('bad'), 'x', { headers: { 'KV-TTL': ['5', '6'] } });
    assertProblem(answer, 'invalid-header', 400);
  });
});

describe('the expiry of an entry', () => {
  test('is shown by GET, HEAD, the list and the operation, counted from the moment of applying', async () => {
    const key = store.key('shown');
    const before = Date.now();
    const receipt = await store.settled(await store.put(key, 'x', { headers: { 'KV-TTL': '100' } }));
    const expires = (await store.get(key)).header('kv-expires') ?? '';
    match(expires, rfc3339);
    const expected = before + 100_000;
    ok(Math.abs(Date.parse(expires) - expected) < 5_000, `${expires} is not about ${new Date(expected).toISOString()}`);
    equal((await store.request('HEAD', `/kv/${key}`)).header('kv-expires'), expires);
    const page = await store.list(`?prefix=${encodeURIComponent(key)}`);
    equal(Date.parse(page.entries[0]?.expiresAt ?? ''), Date.parse(expires));
    equal(Date.parse(receipt.expiresAt ?? ''), Date.parse(expires));
  });

  test('goes with the next put: a TTL is of a write, not of a key', async () => {
    const key = store.key('cleared');
    await store.write(key, 'x', { 'KV-TTL': '100' });
    await store.write(key, 'y');
    equal((await store.get(key)).header('kv-expires'), undefined);
    equal((await store.list(`?prefix=${encodeURIComponent(key)}`)).entries[0]?.expiresAt, undefined);
  });

  test('is not moved by a rejected put', async () => {
    const key = store.key('unmoved');
    await store.write(key, 'x', { 'KV-TTL': '100' });
    const expires = (await store.get(key)).header('kv-expires');
    const answer = await store.put(key, 'y', { wait: 10, headers: { 'KV-TTL': '5000', 'If-None-Match': '*' } });
    assertProblem(answer, 'version-mismatch', 412);
    equal((await store.get(key)).header('kv-expires'), expires);
  });
});

describe('an expired entry', () => {
  const key = (name: string) => store.key(`expired/${name}`);
  const names = ['read', 'uncached', 'create', 'match', 'any', 'delete', 'rewrite'];
  const versions = new Map<string, number>();

  test('was there before', async () => {
    for (const name of names) versions.set(name, await store.write(key(name), 'short', { 'KV-TTL': '1' }));
    await store.write(key('stays'), 'long', { 'KV-TTL': '1000' });
    // Not asserted: on a slow machine the first may already be gone. Read to have them in every cache.
    for (const name of names) await store.get(key(name));
    await sleep(1_000 + skewMs);
  });

  test('is 404 for cached and uncached reads', async () => {
    equal((await store.get(key('read'))).status, 404);
    equal((await store.request('HEAD', `/kv/${key('read')}`)).status, 404);
    equal((await store.getLatest(key('uncached'))).status, 404);
    equal((await store.get(key('read'), { 'If-None-Match': `"${versions.get('read')}"` })).status, 404);
  });

  test('is in no list and no batch', async () => {
    const page = await store.list(`?prefix=${encodeURIComponent(store.key('expired/'))}`);
    deepEqual(
      page.entries.map((entry) => entry.key),
      [key('stays')],
    );
    const folded = await store.list(`?prefix=${encodeURIComponent(store.key('expired/r'))}&delimiter=e`);
    deepEqual(folded.prefixes ?? [], []);
    deepEqual(
      (await store.batch([key('read'), key('stays')])).map((result) => result.status),
      [404, 200],
    );
  });

  test('is absent for conditions', async () => {
    const create = { wait: 10, headers: { 'If-None-Match': '*' } };
    equal((await store.put(key('create'), 'new', create)).status, 201);
    const match = { wait: 10, headers: { 'If-Match': `"${versions.get('match')}"` } };
    assertProblem(await store.put(key('match'), 'new', match), 'version-mismatch', 412);
    const any = { wait: 10, headers: { 'If-Match': '*' } };
    assertProblem(await store.delete(key('any'), any), 'version-mismatch', 412);
  });

  test('is absent for a delete, which changes nothing', async () => {
    equal((await store.settled(await store.delete(key('delete')))).version, undefined);
  });

  test('is created anew by a put, with a version that goes on growing', async () => {
    const answer = await store.put(key('rewrite'), 'again', { wait: 10 });
    equal(answer.status, 201);
    ok(versionOf(answer) > (versions.get('rewrite') ?? Number.POSITIVE_INFINITY));
    equal((await store.get(key('rewrite'))).text, 'again');
  });
});
