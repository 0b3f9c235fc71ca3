import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CodecError,
  cachedLevel,
  decodeFingerprintAnswer,
  decodeFingerprintRequest,
  decodeOperationsAnswer,
  decodeOperationsRequest,
  decodeReadAnswers,
  decodeReadRequest,
  encodeFingerprintAnswer,
  encodeFingerprintRequest,
  encodeOperationsAnswer,
  encodeOperationsRequest,
  encodeReadAnswers,
  encodeReadRequest,
  parseKey,
  type ReadRequest,
} from '../../src/index.ts';
import { anyAnswer, anyId, anyRead, anyRecord, anyRemainingMs, anyText } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

const limits = { answers: 4, bytes: 1_000_000 };

codecLaws<ReadRequest>({
  name: 'read request',
  arbitrary: fc.record(
    { reads: fc.array(anyRead, { maxLength: 4 }), remainingMs: anyRemainingMs },
    { noNullPrototype: true },
  ),
  encode: encodeReadRequest,
  decode: (body) => decodeReadRequest(body, 4),
});

codecLaws({
  name: 'read answers',
  arbitrary: fc.array(anyAnswer, { maxLength: 4 }),
  encode: encodeReadAnswers,
  decode: (body) => decodeReadAnswers(body, limits),
});

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

test('more items or bytes than the receiver allows are refused', () => {
  fc.assert(
    fc.property(fc.array(anyAnswer, { minLength: 4, maxLength: 4 }), (answers) => {
      const body = encodeReadAnswers(answers);
      assert.deepStrictEqual(decodeReadAnswers(body, { answers: 4, bytes: body.length }), answers);
      assert.throws(() => decodeReadAnswers(body, { answers: 3, bytes: body.length }), CodecError);
      assert.throws(() => decodeReadAnswers(body, { answers: 4, bytes: body.length - 1 }), CodecError);
    }),
  );
  fc.assert(
    fc.property(fc.array(anyRead, { minLength: 2, maxLength: 4 }), (reads) => {
      const body = encodeReadRequest({ reads, remainingMs: 5 });
      assert.throws(() => decodeReadRequest(body, reads.length - 1), CodecError);
    }),
  );
  fc.assert(
    fc.property(fc.array(anyId, { minLength: 2, maxLength: 4 }), (ids) => {
      assert.throws(() => decodeOperationsRequest(encodeOperationsRequest(ids), ids.length - 1), CodecError);
      const nothing = encodeOperationsAnswer(ids.map(() => undefined));
      assert.throws(() => decodeOperationsAnswer(nothing, ids.length - 1), CodecError);
    }),
  );
});

test('values of answers are views of the message, or copies when asked for', () => {
  fc.assert(
    fc.property(fc.array(anyAnswer, { maxLength: 4 }), (answers) => {
      const body = encodeReadAnswers(answers);
      for (const answer of decodeReadAnswers(body, limits)) {
        if (answer.kind === 'found' && answer.entry) assert.equal(answer.entry.value.buffer, body.buffer);
      }
      const copies = decodeReadAnswers(body, limits, 'copy');
      body.fill(0);
      assert.deepStrictEqual(copies, answers);
    }),
  );
});

test('the shortest of all items come back', () => {
  const reads = Array.from({ length: 4 }, () => ({ key: parseKey('a'), level: cachedLevel }));
  assert.deepStrictEqual(decodeReadRequest(encodeReadRequest({ reads, remainingMs: 0 }), 4), { reads, remainingMs: 0 });
  const nothing = [undefined, undefined];
  assert.deepStrictEqual(decodeOperationsAnswer(encodeOperationsAnswer(nothing), 2), nothing);
});

test('a time or duration that is not finite is refused both ways', () => {
  for (const remainingMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodeReadRequest({ reads: [], remainingMs }), CodecError);
    const body = encodeReadRequest({ reads: [], remainingMs: 1 });
    body.writeDoubleBE(remainingMs, 2);
    assert.throws(() => decodeReadRequest(body, 1), CodecError);
  }
});
