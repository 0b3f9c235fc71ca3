import { equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();

describe('Cache-Control: no-cache', () => {
  test('goes to the database and says so', async () => {
    const key = store.key('no-cache');
    await store.write(key, 'value');
    await store.get(key);
    const answer = await store.getLatest(key);
    equal(answer.status, 200);
    match(answer.header('cache-status') ?? '', /; *fwd=request/, 'RFC 9211 §2.2: the request did not want the cache');
    equal(answer.header('age'), '0');
  });

  test('sees every write applied before, read over and over', async () => {
    const key = store.key('fresh');
    for (let n = 0; n < 30; n++) {
      await store.write(key, `${n}`);
      equal((await store.getLatest(key)).text, `${n}`);
    }
  });
});

describe('the default level', () => {
  test('answers from the cache after a first read and says so', async () => {
    const key = store.key('cached');
    await store.write(key, 'value');
    await store.get(key);
    const answer = await store.get(key);
    match(answer.header('cache-status') ?? '', /; *hit/);
    match(answer.header('age') ?? '', /^\d+$/);
  });

  test('is as fresh as the last applied write', async () => {
    const key = store.key('written-over');
    for (let n = 0; n < 30; n++) {
      await store.write(key, `${n}`);
      equal((await store.get(key)).text, `${n}`);
    }
    await store.erase(key);
    equal((await store.get(key)).status, 404);
    await store.write(key, 'back');
    equal((await store.get(key)).text, 'back');
  });
});

describe('Cache-Control: max-age', () => {
  test('takes an entry only when it is young enough; Age tells how old it is', async () => {
    const key = store.key('max-age');
    await store.write(key, 'value');
    await store.get(key);
    await sleep(2_100);
    const cached = await store.get(key);
    ok(Number(cached.header('age')) >= 2, `Age ${cached.header('age')}, ${cached.header('cache-status')}`);
    const old = await store.get(key, { 'Cache-Control': 'max-age=60' });
    match(old.header('cache-status') ?? '', /; *hit/);
    const young = await store.get(key, { 'Cache-Control': 'max-age=1' });
    equal(young.text, 'value');
    match(young.header('cache-status') ?? '', /; *fwd=/);
    ok(Number(young.header('age')) <= 1, `Age ${young.header('age')}`);
  });

  test('of zero goes to the database', async () => {
    const key = store.key('max-age-zero');
    await store.write(key, 'value');
    await store.get(key);
    const answer = await store.get(key, { 'Cache-Control': 'max-age=0' });
    match(answer.header('cache-status') ?? '', /; *fwd=/);
  });
});

describe('Cache-Control: only-if-cached', () => {
  test('is 504 not-cached for what no cache has seen', async () => {
    const answer = await store.get(store.key('never-read'), { 'Cache-Control': 'only-if-cached' });
    assertProblem(answer, 'not-cached', 504);
  });

  test('is 200 once the entry was read', async () => {
    const key = store.key('only-if-cached');
    await store.write(key, 'value');
    await store.get(key);
    const answer = await store.get(key, { 'Cache-Control': 'only-if-cached' });
    equal(answer.status, 200);
    equal(answer.text, 'value');
    match(answer.header('cache-status') ?? '', /; *hit/);
  });
});

describe('directives', () => {
  const ignored = [
    'no-transform',
    'made-up',
    'made-up=5, another="quoted, comma"',
    'no-transform, , max-age=60',
    'max-stale=5',
    'min-fresh=1',
    'stale-if-error=600',
  ];
  for (const value of ignored) {
    test(`${value}: the value comes as ever`, async () => {
      const key = store.key('directives');
      await store.write(key, 'value');
      const answer = await store.get(key, { 'Cache-Control': value });
      equal(answer.status, 200);
      equal(answer.text, 'value');
    });
  }

  test('are read without regard to case and in any company', async () => {
    const key = store.key('case');
    await store.write(key, 'value');
    await store.get(key);
    for (const value of ['No-Cache', 'made-up, NO-CACHE', 'max-age=60, no-cache']) {
      const answer = await store.get(key, { 'Cache-Control': value });
      match(answer.header('cache-status') ?? '', /; *fwd=request/, value);
    }
  });
});

test('absence is answered at every level', async () => {
  const key = store.key('absent');
  equal((await store.get(key)).status, 404);
  equal((await store.get(key)).status, 404);
  equal((await store.getLatest(key)).status, 404);
  await store.write(key, 'now');
  equal((await store.get(key)).text, 'now');
});
