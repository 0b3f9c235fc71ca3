import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import fc from 'fast-check';
import { parseQuery } from '../src/query.ts';
import { listParameters } from '../src/routes/list-entries.ts';

const parse = (query: string) => parseQuery(`/kv?${query}`, listParameters);

test('parameters that are left out have their defaults', () => {
  const expected = { prefix: '', delimiter: undefined, limit: 100, cursor: undefined };
  assert.deepEqual(parseQuery('/kv', listParameters), expected);
  assert.deepEqual(parse(''), expected);
});

test('any text comes back from its percent-encoding, also as forms send it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (prefix) => {
      fc.pre(prefix.isWellFormed() && Buffer.byteLength(prefix) <= 512);
      assert.equal(parse(`prefix=${encodeURIComponent(prefix)}`).prefix, prefix);
      assert.equal(parse(new URLSearchParams({ prefix }).toString()).prefix, prefix);
    }),
  );
});

const refused = [
  'unknown=1',
  'prefix=a&prefix=b',
  'prefix=%zz',
  'prefix=%C0%80',
  'prefix=%ED%A0%80',
  '%70refix=a&prefix=b',
  `prefix=${'a'.repeat(513)}`,
  'delimiter=',
  `delimiter=${'a'.repeat(65)}`,
  'limit=0',
  'limit=1001',
  'limit=-1',
  'limit=1.5',
  'limit=1e2',
  'limit=',
  'limit=%20',
  'limit=0x10',
  'limit=9999999999999999999',
  '__proto__=1',
  'constructor=1',
];
for (const query of refused) {
  test(`?${query.slice(0, 40)} is refused`, () => {
    assert.throws(
      () => parse(query),
      (error) => error instanceof StrataError && error.code === 'invalid-query',
    );
  });
}
