import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem, checkProblemAnswer } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';
import { rawExchange, requestHead } from '../framework/wire.ts';

const store = await useStore();

/** What follows `/kv/`, byte for byte. None of it may be normalised into a valid key. */
const invalidKeys: readonly (readonly [what: string, path: string])[] = [
  ['nothing', ''],
  ['a slash alone', '/'],
  ['an encoded slash alone', '%2F'],
  ['a leading slash', '/a'],
  ['an encoded leading slash', '%2Fa'],
  ['a trailing slash', 'a/'],
  ['an encoded trailing slash', 'a%2F'],
  ['an empty segment', 'a//b'],
  ['an empty segment of encoded slashes', 'a%2F%2Fb'],
  ['a dot', '.'],
  ['an encoded dot', '%2e'],
  ['two dots', '..'],
  ['two encoded dots', '%2E%2e'],
  ['one dot plain and one encoded', '.%2e'],
  ['a dot segment first', './a'],
  ['a dot segment inside', 'a/./b'],
  ['a dot segment last', 'a/.'],
  ['a parent segment first', '../a'],
  ['a parent segment inside', 'a/../b'],
  ['a parent segment last', 'a/..'],
  ['a parent segment with encoded dots', 'a/%2e%2e/b'],
  ['a parent segment between encoded slashes', 'a%2F..%2Fb'],
  ['parents that would leave /kv', '../healthz'],
  ['NUL', 'a%00b'],
  ['NUL as an overlong encoding', 'a%C0%80b'],
  ['a slash as an overlong encoding', 'a%C0%AFb'],
  ['a dot as an overlong encoding of three bytes', 'a/%E0%80%AE'],
  ['a tab', 'a%09b'],
  ['a line feed', 'a%0Ab'],
  ['a carriage return', 'a%0Db'],
  ['escape', 'a%1Bb'],
  ['the last of C0', 'a%1Fb'],
  ['DEL', 'a%7Fb'],
  ['the first of C1', 'a%C2%80b'],
  ['NEL, a C1 control', 'a%C2%85b'],
  ['the last of C1', 'a%C2%9Fb'],
  ['a high surrogate', 'a%ED%A0%80b'],
  ['a low surrogate', 'a%ED%BF%BFb'],
  ['a surrogate pair in three-byte forms (CESU-8)', '%ED%A0%BD%ED%B8%80'],
  ['a continuation byte alone', 'a%80b'],
  ['a lead byte alone', 'a%C3'],
  ['half an emoji', '%F0%9F%98'],
  ['Latin-1', 'caf%E9'],
  ['bytes that never are UTF-8', '%FE%FF'],
  ['beyond U+10FFFF', '%F4%90%80%80'],
  ['a percent sign alone', 'a%'],
  ['a percent sign with one digit', 'a%2'],
  ['a percent sign without hex digits', 'a%zzb'],
  ['a percent sign before a multibyte form', '%u0061'],
];

describe('a key is refused with 400 invalid-key, for reads and writes', () => {
  for (const [what, path] of invalidKeys) {
    test(`${what}: /kv/${path}`, async () => {
      assertProblem(await store.request('GET', `/kv/${path}`), 'invalid-key', 400);
      equal((await store.request('HEAD', `/kv/${path}`)).status, 400);
      assertProblem(await store.request('PUT', `/kv/${path}`, { body: 'x' }), 'invalid-key', 400);
      assertProblem(await store.request('DELETE', `/kv/${path}`), 'invalid-key', 400);
    });
  }

  test('none of the refused writes has stored anything', async () => {
    if (!store.target.canRestart) return;
    const page = await store.list('');
    deepEqual(page.entries, []);
  });
});

describe('a raw byte above 0x7f in the request line', () => {
  // RFC 9112 §3.2 allows ASCII only there, and Node's parser refuses the rest: an emoji has to be percent-encoded.
  for (const [what, bytes] of [
    ['valid UTF-8', Buffer.from('😀')],
    ['not UTF-8', Buffer.from([0xff])],
    ['DEL', Buffer.from([0x7f])],
  ] as const) {
    test(`is refused with 400: ${what}`, async () => {
      const request = Buffer.concat([
        Buffer.from(`GET /kv/${store.key('raw')}`),
        bytes,
        Buffer.from(requestHead(' HTTP/1.1', 'Host: localhost', 'Connection: close')),
      ]);
      const answer = await rawExchange(store.target.url, request);
      equal(answer.status, 400, answer.describe());
      checkProblemAnswer(answer);
    });
  }
});

describe('query parameters of an entry', () => {
  const queries = ['?unknown=1', '?a=1&a=2', '?wait=5', '?prefix=a', '?limit=1', '?=1', '?x', '?cursor='];
  for (const query of queries) {
    test(`${query} is refused with 400 invalid-query`, async () => {
      const path = `/kv/${store.key('query')}${query}`;
      assertProblem(await store.request('GET', path), 'invalid-query', 400);
      assertProblem(await store.request('PUT', path, { body: 'x' }), 'invalid-query', 400);
      assertProblem(await store.request('DELETE', path), 'invalid-query', 400);
      equal((await store.get(store.key('query'))).status, 404);
    });
  }
});
