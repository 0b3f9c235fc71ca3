import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemCode, problemKinds, StrataError } from '../src/index.ts';

test('a code that came over a wire is one of ours or internal', () => {
  for (const code of Object.keys(problemKinds)) assert.equal(problemCode(code), code);
  for (const text of ['', 'no-such', '__proto__', 'constructor', 'toString'])
    assert.equal(problemCode(text), 'internal');
});

test('every problem has an error status and a title', () => {
  for (const [code, { status, title }] of Object.entries(problemKinds)) {
    assert.ok(status >= 400 && status < 600, code);
    assert.ok(title.length > 0 && !title.endsWith('.'), code);
  }
});

test('an error keeps its code, detail, cause and extensions', () => {
  const cause = new Error('below');
  const error = new StrataError('version-mismatch', 'detail', { cause, extensions: { currentVersion: 2 } });
  assert.equal(error.code, 'version-mismatch');
  assert.equal(error.message, 'detail');
  assert.equal(error.cause, cause);
  assert.deepEqual(error.extensions, { currentVersion: 2 });
  assert.deepEqual(new StrataError('internal', 'x').extensions, {});
  assert.ok(!('cause' in new StrataError('internal', 'x')));
});
