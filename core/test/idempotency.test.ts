import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FingerprintedWrite, idempotencyFingerprint, idempotencyIdentity, parseKey } from '../src/index.ts';
import { anyCondition, anyKey, anyMeta, anyText, anyTtl, anyValue } from './arbitraries.ts';

const write: FingerprintedWrite = {
  action: 'put',
  key: parseKey('a/b'),
  value: Buffer.from('value'),
  contentType: 'text/plain',
  meta: [['owner', 'alice']],
  condition: { kind: 'version', version: 7 },
  ttlSeconds: 60,
};

const changes: readonly Partial<FingerprintedWrite>[] = [
  { action: 'delete' },
  { key: parseKey('a/c') },
  { value: Buffer.from('valuf') },
  { value: Buffer.from('') },
  { contentType: 'text/html' },
  { meta: [] },
  { meta: [['owner', 'bob']] },
  { meta: [['owners', 'alice']] },
  {
    meta: [
      ['owner', 'alice'],
      ['owner', 'alice'],
    ],
  },
  { condition: undefined },
  { condition: { kind: 'version', version: 8 } },
  { condition: { kind: 'present' } },
  { condition: { kind: 'absent' } },
  { ttlSeconds: undefined },
  { ttlSeconds: 61 },
];

test('the fingerprint is another one for each member that changes', () => {
  const fingerprints = [{}, ...changes].map((change) => idempotencyFingerprint({ ...write, ...change }));
  assert.equal(new Set(fingerprints).size, fingerprints.length);
  for (const fingerprint of fingerprints) assert.match(fingerprint, /^[A-Za-z0-9_-]{43}$/);
});

const anyWrite: fc.Arbitrary<FingerprintedWrite> = fc.record({
  action: fc.constantFrom('put', 'delete'),
  key: anyKey,
  value: anyValue,
  contentType: anyText,
  meta: anyMeta,
  condition: fc.option(anyCondition, { nil: undefined }),
  ttlSeconds: fc.option(anyTtl, { nil: undefined }),
});

test('two writes have one fingerprint exactly when they are equal', () => {
  const comparable = (one: FingerprintedWrite) => JSON.stringify([one, [...one.value]]);
  fc.assert(
    fc.property(
      anyWrite,
      anyWrite,
      fc.constantFrom(...(Object.keys(write) as (keyof FingerprintedWrite)[])),
      (one, other, member) => {
        const changed = { ...one, [member]: other[member] };
        const areEqual = comparable(one) === comparable(changed);
        assert.equal(idempotencyFingerprint(one) === idempotencyFingerprint(changed), areEqual);
        const again = {
          ...one,
          value: Buffer.from(one.value),
          meta: one.meta.map(([name, value]) => [name, value] as const),
        };
        assert.equal(idempotencyFingerprint(again), idempotencyFingerprint(one));
      },
    ),
    { numRuns: 500 },
  );
});

test('a value cannot pass for the members before it', () => {
  const one = { ...write, value: Buffer.from('a\0b') };
  assert.notEqual(
    idempotencyFingerprint(one),
    idempotencyFingerprint({ ...write, contentType: 'text/plain\0a', value: Buffer.from('b') }),
  );
});

test('the identity depends on secret, caller, key and Idempotency-Key, and on where one ends', () => {
  const secret = Buffer.alloc(32, 1);
  const key = parseKey('k');
  const identities = [
    idempotencyIdentity(secret, '', key, 'once'),
    idempotencyIdentity(Buffer.alloc(32, 2), '', key, 'once'),
    idempotencyIdentity(secret, 'alice', key, 'once'),
    idempotencyIdentity(secret, '', parseKey('l'), 'once'),
    idempotencyIdentity(secret, '', key, 'twice'),
    idempotencyIdentity(secret, 'k', key, 'once'),
    idempotencyIdentity(secret, '', parseKey('ko'), 'nce'),
    idempotencyIdentity(secret, '","k', key, 'once'),
  ];
  assert.equal(new Set(identities).size, identities.length);
  assert.equal(identities[0], idempotencyIdentity(secret, '', key, 'once'));
});
