import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CodecError,
  decodeOutcome,
  decodeRecords,
  encodeOutcome,
  encodeRecords,
  type Outcome,
} from '../../src/index.ts';
import { anyOutcome, anyRecord } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

codecLaws({ name: 'outcome', arbitrary: anyOutcome, encode: encodeOutcome, decode: decodeOutcome });

codecLaws({
  name: 'records',
  arbitrary: fc.array(anyRecord, { maxLength: 4 }),
  encode: encodeRecords,
  decode: decodeRecords,
});

test('flags that an outcome of its kind does not have are refused', () => {
  const outcomes: Outcome[] = [
    { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined },
    { status: 'rejected', code: 'version-mismatch', currentVersion: undefined },
    { status: 'failed', code: 'not-accepted' },
  ];
  const unknown = [
    [0x20, 0x40, 0x80],
    [0x08, 0x10, 0x20],
    [0x04, 0x08, 0x10],
  ];
  for (const [index, outcome] of outcomes.entries()) {
    for (const flag of unknown[index] ?? []) {
      const body = encodeOutcome(outcome);
      body[2] = (body[2] ?? 0) | flag;
      assert.throws(() => decodeOutcome(body), CodecError);
    }
  }
  assert.throws(() => decodeOutcome(Buffer.from([0x55, 1, 0])), CodecError);
});

test('a version beyond the safe integers is refused', () => {
  const body = encodeOutcome({
    status: 'applied',
    version: Number.MAX_SAFE_INTEGER,
    isCreated: true,
    expiresAt: undefined,
  });
  assert.equal(body.readBigUInt64BE(3), BigInt(Number.MAX_SAFE_INTEGER));
  body.writeBigUInt64BE(2n ** 53n, 3);
  assert.throws(() => decodeOutcome(body), CodecError);
});
