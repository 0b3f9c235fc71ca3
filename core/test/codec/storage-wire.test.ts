import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CodecError,
  decodeFingerprintAnswer,
  decodeFingerprintRequest,
  decodeInstallation,
  decodeOperationsAnswer,
  decodeOperationsRequest,
  encodeFingerprintAnswer,
  encodeFingerprintRequest,
  encodeInstallation,
  encodeOperationsAnswer,
  encodeOperationsRequest,
} from '../../src/index.ts';
import { anyId, anyRecord, anyText } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

codecLaws({
  name: 'operations request',
  arbitrary: fc.array(anyId, { maxLength: 4 }),
  encode: encodeOperationsRequest,
  decode: (body) => decodeOperationsRequest(body, 4),
});

codecLaws({
  name: 'operations answer',
  arbitrary: fc.array(fc.option(anyRecord, { nil: undefined }), { maxLength: 4 }),
  encode: encodeOperationsAnswer,
  decode: (body) => decodeOperationsAnswer(body, 4),
});

codecLaws({
  name: 'fingerprint request',
  arbitrary: anyText,
  encode: encodeFingerprintRequest,
  decode: decodeFingerprintRequest,
});

codecLaws({
  name: 'fingerprint answer',
  arbitrary: fc.option(anyText, { nil: undefined }),
  encode: encodeFingerprintAnswer,
  decode: decodeFingerprintAnswer,
});

codecLaws({
  name: 'installation',
  arbitrary: fc.record(
    { partitionCount: fc.integer({ min: 1, max: 0xffff }), logHorizon: fc.maxSafeNat() },
    { noNullPrototype: true },
  ),
  encode: encodeInstallation,
  decode: decodeInstallation,
});

test('more items than the receiver allows are refused', () => {
  fc.assert(
    fc.property(fc.array(anyId, { minLength: 2, maxLength: 4 }), (ids) => {
      assert.throws(() => decodeOperationsRequest(encodeOperationsRequest(ids), ids.length - 1), CodecError);
      const nothing = encodeOperationsAnswer(ids.map(() => undefined));
      assert.throws(() => decodeOperationsAnswer(nothing, ids.length - 1), CodecError);
    }),
  );
});

test('the shortest of all items come back', () => {
  const nothing = [undefined, undefined];
  assert.deepStrictEqual(decodeOperationsAnswer(encodeOperationsAnswer(nothing), 2), nothing);
});
