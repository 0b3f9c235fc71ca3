import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const mebibyte = 1024 * 1024;
const keysNamed = (...names: readonly string[]) => names.map((name) => store.key(name));

describe('batchGet', () => {
  test('gives one result a key, in the order asked, absent ones too', async () => {
    const [a, b, c] = keysNamed('order/a', 'order/b', 'order/c');
    await store.write(a ?? '', 'of a');
    await store.write(c ?? '', 'of c');
    const asked = [c, b, a].map((key) => key ?? '');
    const results = await store.batch(asked);
    deepEqual(
      results.map(({ key, status }) => ({ key, status })),
      [
        { key: c, status: 200 },
        { key: b, status: 404 },
        { key: a, status: 200 },
      ],
    );
  });

  test('gives version, type, meta and the value as base64', async () => {
    const key = store.key('whole');
    const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const version = await store.write(key, value, { 'Content-Type': 'image/png', 'KV-Meta-Author': 'Amália' });
    const plain = store.key('whole-ascii');
    const plainVersion = await store.write(plain, '', { 'KV-Meta-Author': 'me', 'KV-Meta-Kind': 'empty' });
    const [first, second] = await store.batch([key, plain]);
    equal(first?.contentType, 'image/png');
    equal(first?.version, version);
    equal(first?.value, value.toString('base64'));
    equal(second?.version, plainVersion);
    equal(second?.contentType, 'application/octet-stream');
    equal(second?.value, '');
    deepEqual(second?.meta, { author: 'me', kind: 'empty' });
  });

  test('gives nothing but key and status for an absent one', async () => {
    const key = store.key('absent');
    deepEqual(await store.batch([key]), [{ key, status: 404 }]);
  });

  test('answers a key asked twice twice', async () => {
    const key = store.key('twice');
    await store.write(key, 'value');
    const results = await store.batch([key, key, key]);
    equal(results.length, 3);
    for (const result of results) deepEqual(result, results[0]);
  });

  test('takes keys as text: nothing in them is percent-decoded', async () => {
    const keys = keysNamed('text/a%2Fb', 'text/a/b', 'text/__proto__', 'text/😀', 'text/"\\');
    for (const key of keys) await store.write(key, `of ${key}`);
    const results = await store.batch(keys);
    deepEqual(
      results.map(({ value = '' }) => Buffer.from(value, 'base64').toString()),
      keys.map((key) => `of ${key}`),
    );
  });

  test('answers 400 for a key that is not valid and goes on with the others', async () => {
    const good = store.key('good');
    await store.write(good, 'value');
    const bad = ['', '/', 'a//b', '..', 'a/./b', 'a\u0000b', 'a\u007f', 'trailing/'];
    const results = await store.batch([...bad, good]);
    deepEqual(
      results.map(({ key, status }) => ({ key, status })),
      [...bad.map((key) => ({ key, status: 400 })), { key: good, status: 200 }],
    );
  });

  test('answers 400 for an unpaired surrogate', async () => {
    const answer = await store.postBatch('{"keys":["a\\ud800b"]}');
    equal(answer.status, 200, answer.describe());
    equal((answer.json() as { results: { status: number }[] }).results[0]?.status, 400);
  });

  test('reads at the level no-cache too', async () => {
    const key = store.key('level');
    await store.write(key, 'value');
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' };
    const answer = await store.request('POST', '/kv:batchGet', { headers, body: JSON.stringify({ keys: [key] }) });
    equal((answer.json() as { results: { status: number }[] }).results[0]?.status, 200);
  });
});

describe('the size of a batch', () => {
  test('is 1,000 keys at most', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => store.key(`thousand/${n}`));
    await inParallel(keys.slice(0, 50), 16, (key) => store.write(key, 'x'));
    const results = await store.batch(keys);
    equal(results.length, 1_000);
    equal(results.filter((result) => result.status === 200).length, 50);
    assertProblem(await store.postBatch(JSON.stringify({ keys: [...keys, 'one more'] })), 'invalid-query', 400);
  });

  test('may be none', async () => {
    deepEqual(await store.batch([]), []);
  });

  test('takes 1,000 long keys, written with escapes as many clients do', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `"${'\\u00e9'.repeat(253)}-${String(n).padStart(4, '0')}"`);
    const answer = await store.postBatch(`{"keys":[${keys.join(',')}]}`);
    equal(answer.status, 200, answer.describe());
  });

  test('is 8 MiB of values: what does not fit, and all after it, is 413', async () => {
    const keys = Array.from({ length: 10 }, (_, n) => store.key(`large/${n}`));
    await inParallel(keys, 4, (key) => store.write(key, Buffer.alloc(mebibyte, 'x')));
    const small = store.key('large/small');
    await store.write(small, 'small');
    const results = await store.batch([...keys, small]);
    const statuses = results.map((result) => result.status);
    deepEqual(statuses, [...Array(8).fill(200), 413, 413, 413]);
    for (const result of results) {
      if (result.status === 413) equal(result.value, undefined);
      else equal(result.value?.length, Math.ceil(mebibyte / 3) * 4);
    }
  });
});

describe('a body that is not a batch is 400 invalid-query', () => {
  const bodies = [
    '',
    '{',
    'keys',
    'null',
    '[]',
    '["a"]',
    '"a"',
    '{}',
    '{"keys":null}',
    '{"keys":"a"}',
    '{"keys":{"0":"a"}}',
    '{"keys":[1]}',
    '{"keys":["a",null]}',
    '{"keys":[["a"]]}',
    '{"keys":["a"],"unknown":1}',
    '{"keys":["a"],"__proto__":{}}',
    '{"keys":["a"]} trailing',
  ];
  for (const body of bodies) {
    test(body === '' ? 'nothing' : body, async () => {
      assertProblem(await store.postBatch(body), 'invalid-query', 400);
    });
  }

  test('with query parameters', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await store.request('POST', '/kv:batchGet?limit=1', { headers, body: '{"keys":["a"]}' });
    assertProblem(answer, 'invalid-query', 400);
  });

  test('that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"keys":["a'), Buffer.from([0xff]), Buffer.from('"]}')]);
    const headers = { 'Content-Type': 'application/json' };
    assertProblem(await store.request('POST', '/kv:batchGet', { headers, body }), 'invalid-query', 400);
  });
});

test('a batch shows what was written just before', async () => {
  const key = store.key('fresh');
  for (let n = 0; n < 20; n++) {
    await store.write(key, `${n}`);
    const [result] = await store.batch([key]);
    ok(result?.value);
    equal(Buffer.from(result.value, 'base64').toString(), `${n}`);
  }
});
