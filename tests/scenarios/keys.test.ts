import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ListPage } from '../framework/documents.ts';
import { inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { kvPath, useStore } from '../framework/store.ts';

const store = await useStore();

/** Path bytes as written in a request line, and the key they mean. */
const validKeys: readonly (readonly [encoded: string, name: string])[] = [
  ['plain', 'plain'],
  ['a%2Fb', 'a/b'],
  ['%61', 'a'],
  ['double%252Fencoded', 'double%2Fencoded'],
  ['percent%25', 'percent%'],
  ['plus+plus', 'plus+plus'],
  ['plus%2Bencoded', 'plus+encoded'],
  ['space%20space', 'space space'],
  ['question%3Fmark', 'question?mark'],
  ['hash%23mark', 'hash#mark'],
  ['back%5Cslash', 'back\\slash'],
  ['colon:at@semi;comma,eq=amp&', 'colon:at@semi;comma,eq=amp&'],
  ["!$'()*~_-.", "!$'()*~_-."],
  ['quote%22%3C%3E%7B%7D%7C%5E%60', 'quote"<>{}|^`'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['hasOwnProperty/toString', 'hasOwnProperty/toString'],
  ['...', '...'],
  ['.hidden/..still/a..', '.hidden/..still/a..'],
  ['caf%C3%A9', 'café'],
  ['emoji/%F0%9F%98%80', 'emoji/😀'],
  ['family/%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7', 'family/👩‍👧'],
  ['line%E2%80%A8separator', 'line\u2028separator'],
  ['nbsp%C2%A0', 'nbsp\u00a0'],
  ['noncharacter%EF%BF%BF', 'noncharacter\uffff'],
  ['replacement%EF%BF%BD', 'replacement\ufffd'],
  ['last%F4%8F%BF%BF', 'last\u{10ffff}'],
];

describe('a valid key', () => {
  for (const [encoded, name] of validKeys) {
    test(`${encoded} is stored and listed as it is`, async () => {
      const path = `/kv/${store.key(encoded)}`;
      const put = await store.request('PUT', path, { body: `value of ${name}`, headers: { Prefer: 'wait=10' } });
      equal(put.status, 201, put.describe());
      equal((await store.request('GET', path)).text, `value of ${name}`);
      const key = store.key(name);
      const page = await store.list(`?prefix=${encodeURIComponent(key)}`);
      deepEqual(
        page.entries.filter((entry) => entry.key === key).map((entry) => entry.key),
        [key],
      );
      const [result] = await store.batch([key]);
      deepEqual(Buffer.from(result?.value ?? '', 'base64').toString(), `value of ${name}`);
      await store.erase(key);
    });
  }

  test('survives every link the store makes of it', async () => {
    const key = store.key('link 100%/é?#+/😀');
    const put = await store.put(key, 'linked', { wait: 10 });
    equal((await store.request('GET', put.header('location') ?? '')).text, 'linked');
    const monitor = /^<([^>]+)>; *rel="?monitor"?$/.exec(put.header('link') ?? '')?.[1] ?? '';
    const operation = (await store.request('GET', monitor)).json() as { key: string; links: { entry: string } };
    equal(operation.key, key);
    equal((await store.request('GET', operation.links.entry)).text, 'linked');
  });

  test('may come first with a byte order mark, which belongs to it', async () => {
    const withMark = '\ufeffbom-first';
    await store.write(withMark, 'with');
    try {
      equal((await store.get('bom-first')).status, 404);
      equal((await store.request('GET', '/kv/%EF%BB%BFbom-first')).text, 'with');
    } finally {
      await store.erase(withMark);
    }
  });

  test('of any characters is read back, listed and batched under the same name', async () => {
    const segment = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .filter((text) => text.isWellFormed() && !/\p{Cc}|\//u.test(text) && text !== '.' && text !== '..');
    const names = fc.sample(fc.array(segment, { minLength: 1, maxLength: 4 }), 60).map((parts) => parts.join('/'));
    const keys = [...new Set(names.map((name) => store.key(`any/${name}`)))];
    await inParallel(keys, 16, (key) => store.write(key, `of ${key}`));
    const values = await inParallel(keys, 16, async (key) => (await store.get(key)).text);
    deepEqual(
      values,
      keys.map((key) => `of ${key}`),
    );
    const page: ListPage = await store.list(`?limit=1000&prefix=${encodeURIComponent(store.key('any/'))}`);
    deepEqual(new Set(page.entries.map((entry) => entry.key)), new Set(keys));
    const results = await store.batch(keys);
    deepEqual(
      results.map((result) => result.key),
      keys,
    );
  });
});

describe('the same key', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['same/a%2Fb', 'same/a/b'],
    ['same/%7e', 'same/%7E'],
    ['same/%c3%a9', 'same/%C3%A9'],
    ['same/%63onstructor', 'same/constructor'],
  ];
  for (const [one, other] of spellings) {
    test(`is ${one} and ${other}`, async () => {
      const headers = { Prefer: 'wait=10' };
      await store.request('PUT', `/kv/${store.key(one)}`, { headers, body: one });
      equal((await store.request('GET', `/kv/${store.key(other)}`)).text, one);
      equal((await store.request('PUT', `/kv/${store.key(other)}`, { headers, body: other })).status, 204);
      equal((await store.request('GET', `/kv/${store.key(one)}`)).text, other);
    });
  }
});

describe('two different keys', () => {
  const pairs: readonly (readonly [what: string, one: string, other: string])[] = [
    ['composed and decomposed letters (NFC, NFD)', 'differ/\u00e9', 'differ/e\u0301'],
    ['upper and lower case', 'differ/A', 'differ/a'],
    ['an encoded slash written literally', 'differ/a%2Fb', 'differ/a/b'],
    ['a plus and a space', 'differ/a+b', 'differ/a b'],
    ['an inner byte order mark', 'differ/\ufeffx', 'differ/x'],
    ['a trailing space', 'differ/x ', 'differ/x'],
    ['half and full width', 'differ/a', 'differ/\uff41'],
  ];
  for (const [what, one, other] of pairs) {
    test(`are told apart: ${what}`, async () => {
      await store.write(store.key(one), 'one');
      await store.write(store.key(other), 'other');
      equal((await store.get(store.key(one))).text, 'one');
      equal((await store.get(store.key(other))).text, 'other');
    });
  }
});

describe('the length of a key counts bytes', () => {
  // The longest key of a fixed beginning; `unit` is repeated and `a` fills up what is left.
  const keyOf = (bytes: number, unit: string) => {
    const start = store.key('length');
    const left = bytes - Buffer.byteLength(start);
    const units = Math.floor(left / Buffer.byteLength(unit));
    return start + unit.repeat(units) + 'a'.repeat(left - units * Buffer.byteLength(unit));
  };
  for (const unit of ['a', 'é', '€', '😀', '%', '/a']) {
    test(`512 bytes of ${unit} are a key, 513 are not`, async () => {
      await store.write(keyOf(512, unit), unit);
      equal((await store.get(keyOf(512, unit))).text, unit);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await store.request(method, kvPath(keyOf(513, unit)), method === 'PUT' ? { body: 'x' } : {});
        assertProblem(answer, 'key-too-long', 414);
      }
    });
  }

  test('also when a path is many times too long', async () => {
    assertProblem(await store.request('GET', `/kv/${'a'.repeat(8_000)}`), 'key-too-long', 414);
    assertProblem(await store.request('GET', `/kv/${'%61'.repeat(4_000)}`), 'key-too-long', 414);
  });
});
