import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../src/cursor.ts';

const secret = Buffer.alloc(32, 7);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((value) => value.isWellFormed());
const scope = fc.record({ prefix: fc.string({ maxLength: 8 }), delimiter: fc.option(text, { nil: undefined }) });
const position = fc.record({ text, isPrefix: fc.boolean() }, { noNullPrototype: true });
const isInvalidCursor = (error: unknown) => error instanceof StrataError && error.code === 'invalid-cursor';

test('a cursor comes back in its own list', () => {
  fc.assert(
    fc.property(scope, position, (list, end) => {
      assert.deepEqual(decodeCursor(secret, list, encodeCursor(secret, list, end)), end);
    }),
  );
});

test('a cursor of another list is refused', () => {
  fc.assert(
    fc.property(scope, scope, position, (list, other, end) => {
      fc.pre(list.prefix !== other.prefix || list.delimiter !== other.delimiter);
      assert.throws(() => decodeCursor(secret, other, encodeCursor(secret, list, end)), isInvalidCursor);
    }),
  );
});

test('a cursor with any character changed, added or cut is refused', () => {
  const list = { prefix: 'a/', delimiter: '/' };
  const cursor = encodeCursor(secret, list, { text: 'a/b', isPrefix: false });
  for (let index = 0; index < cursor.length; index += 1) {
    const changed = cursor[index] === 'A' ? 'B' : 'A';
    const forged = cursor.slice(0, index) + changed + cursor.slice(index + 1);
    assert.throws(() => decodeCursor(secret, list, forged), isInvalidCursor, forged);
    assert.throws(() => decodeCursor(secret, list, cursor.slice(0, index)), isInvalidCursor);
  }
  for (const forged of ['', '!', `${cursor}A`, `${cursor}=`, 'AAAA']) {
    assert.throws(() => decodeCursor(secret, list, forged), isInvalidCursor, forged);
  }
  assert.throws(() => decodeCursor(Buffer.alloc(32, 8), list, cursor), isInvalidCursor);
});
