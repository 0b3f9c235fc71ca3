import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cachedLevel, databaseLevel, parseReadLevel, type ReadLevel, StrataError } from '../src/index.ts';

const readable: readonly (readonly [header: string | undefined, level: Partial<ReadLevel>])[] = [
  [undefined, {}],
  ['', {}],
  [',', {}],
  ['no-cache', { noCache: true }],
  ['No-Cache', { noCache: true }],
  [' no-cache ', { noCache: true }],
  ['max-age=0', { noCache: true, maxAgeSeconds: 0 }],
  ['max-age=5', { maxAgeSeconds: 5 }],
  ['MAX-AGE=5', { maxAgeSeconds: 5 }],
  ['max-age="5"', { maxAgeSeconds: 5 }],
  ['max-age=007', { maxAgeSeconds: 7 }],
  ['only-if-cached', { onlyIfCached: true }],
  ['stale-if-error=60', { staleIfErrorSeconds: 60 }],
  ['max-age=5, stale-if-error=60,only-if-cached', { maxAgeSeconds: 5, staleIfErrorSeconds: 60, onlyIfCached: true }],
  ['no-store', {}],
  ['no-transform, foo=bar, no-cache', { noCache: true }],
  // Greater than can be represented is 2^31 (RFC 9111 §1.2.2).
  ['max-age=2147483648', { maxAgeSeconds: 2 ** 31 }],
  ['max-age=99999999999999999999', { maxAgeSeconds: 2 ** 31 }],
  // A comma inside a quoted string parts nothing.
  ['foo="a, only-if-cached, b"', {}],
  ['foo="a, max-age=x, b", no-cache', { noCache: true }],
  ['foo="never closed, no-cache', {}],
];

for (const [header, level] of readable) {
  test(`Cache-Control: ${header}`, () => assert.deepEqual(parseReadLevel(header), { ...cachedLevel, ...level }));
}

const unreadable = ['max-age', 'max-age=-1', 'max-age=1.5', 'max-age=abc', 'stale-if-error', 'stale-if-error=1s'];
for (const header of unreadable) {
  test(`Cache-Control: ${header} is refused`, () => {
    assert.throws(
      () => parseReadLevel(header),
      (error) => error instanceof StrataError && error.code === 'invalid-header',
    );
  });
}

test('any header is read or refused, and quickly', () => {
  assert.deepEqual(parseReadLevel(`${'"\\'.repeat(50_000)},no-cache`).onlyIfCached, false);
  fc.assert(
    fc.property(fc.string(), (header) => {
      try {
        parseReadLevel(header);
      } catch (error) {
        assert.ok(error instanceof StrataError);
      }
    }),
  );
});

test('the level of the database is what no-cache says', () => {
  assert.deepEqual(parseReadLevel('no-cache'), databaseLevel);
  assert.deepEqual(parseReadLevel('NO-CACHE'), databaseLevel);
});
