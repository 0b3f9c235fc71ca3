import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CodecError,
  decodeOperations,
  encodeOperations,
  maxTtlSeconds,
  type OperationId,
  type PutOperation,
  parseKey,
  type QueuedOperation,
  salvageOperationIds,
} from '../../src/index.ts';
import { anyOperation, idOf } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

codecLaws({
  name: 'operations',
  arbitrary: fc.array(anyOperation, { maxLength: 3 }),
  encode: encodeOperations,
  decode: decodeOperations,
});

const template: PutOperation = {
  action: 'put',
  id: idOf(1_763_702_400_000, 3, 1),
  key: parseKey('cities/lisbon'),
  value: Buffer.from('Lisboa'),
  contentType: 'text/plain',
  meta: [['owner', 'alice']],
  ttlSeconds: undefined,
  condition: undefined,
  idempotency: undefined,
  replyTo: undefined,
  traceId: undefined,
};

test('values are views of the message, or copies when asked for', () => {
  const body = encodeOperations([template]);
  const [viewed] = decodeOperations(body);
  const [copied] = decodeOperations(body, 'copy');
  assert.ok(viewed?.action === 'put' && copied?.action === 'put');
  assert.equal(viewed.value.buffer, body.buffer);
  assert.notEqual(copied.value.buffer, body.buffer);
  assert.equal(copied.value.buffer.byteLength, copied.value.length);
  body.fill(0);
  assert.deepStrictEqual(copied, { ...template, value: new Uint8Array(template.value) });
});

test('batches larger than the scratch buffer, and values of every size around its limits, come back', () => {
  const sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 1_048_576];
  const values = sizes.map((size) => new Uint8Array(size).map((_, index) => index * 31 + size));
  const mixed = [...values, ...values.toReversed()].map((value, serial) => ({
    ...template,
    value,
    id: idOf(1, 1, serial),
  }));
  assert.deepStrictEqual(decodeOperations(encodeOperations(mixed)), mixed);
  const many = Array.from({ length: 5000 }, (_, serial) => ({
    ...template,
    id: idOf(1, 1, serial),
    value: new Uint8Array(300).fill(serial),
  }));
  assert.deepStrictEqual(decodeOperations(encodeOperations(many)), many);
  assert.deepStrictEqual(decodeOperations(encodeOperations(mixed)), mixed);
});

const unencodable: readonly (readonly [string, Partial<PutOperation>])[] = [
  ['an id that is too short', { id: 'abc' as OperationId }],
  ['an id that is too long', { id: `${template.id}A` as OperationId }],
  ['an id outside base64url', { id: `${template.id.slice(0, 31)}=` as OperationId }],
  ['an id outside ASCII', { id: `${template.id.slice(0, 31)}é` as OperationId }],
  ['a text too long', { contentType: 'x'.repeat(65_536) }],
  ['a text too long in bytes', { contentType: 'é'.repeat(32_768) }],
  ['an unpaired surrogate', { traceId: 'a\ud800' }],
  ['an unpaired surrogate in a long text', { traceId: `${'a'.repeat(500)}\ud800` }],
  ['a version that is no safe integer', { condition: { kind: 'version', version: 2 ** 53 } }],
  ['a negative version', { condition: { kind: 'version', version: -1 } }],
  ['a version with a fraction', { condition: { kind: 'version', version: 1.5 } }],
  ['a TTL of zero', { ttlSeconds: 0 }],
  ['a TTL over ten years', { ttlSeconds: maxTtlSeconds + 1 }],
  ['a TTL with a fraction', { ttlSeconds: 1.5 }],
  ['too many meta headers', { meta: Array.from({ length: 65_536 }, () => ['', ''] as const) }],
];

for (const [what, change] of unencodable) {
  test(`${what} is not encoded, and the next message is not disturbed by the attempt`, () => {
    const long = { ...template, value: new Uint8Array(10_000) };
    assert.throws(() => encodeOperations([long, { ...template, ...change }]), CodecError);
    assert.deepStrictEqual(decodeOperations(encodeOperations([{ ...template, value: new Uint8Array(1) }])), [
      { ...template, value: new Uint8Array(1) },
    ]);
  });
}

test('a text of exactly 65,535 bytes is encoded', () => {
  for (const contentType of ['x'.repeat(65_535), `${'é'.repeat(32_767)}x`]) {
    const operation = { ...template, contentType, value: new Uint8Array() };
    assert.deepStrictEqual(decodeOperations(encodeOperations([operation])), [operation]);
  }
});

/** The message with one run of bytes in it replaced by another of the same length. */
function replaced(operation: QueuedOperation, from: string, to: Uint8Array): Buffer {
  const body = encodeOperations([operation]);
  body.set(to, body.indexOf(from));
  return body;
}

const badKeys = ['/ities/lisbon', 'cities//isbon', 'cities/../bon', 'cities/li\0bon', 'cities/lisbo/'];
for (const key of badKeys) {
  test(`the key ${JSON.stringify(key)} in a message is refused`, () => {
    assert.throws(() => decodeOperations(replaced(template, 'cities/lisbon', Buffer.from(key))), CodecError);
  });
}

test('texts that are not UTF-8 are refused', () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xc3]]) {
    assert.throws(() => decodeOperations(replaced(template, 'cities', Buffer.from(bytes))), CodecError);
    assert.throws(() => decodeOperations(replaced(template, 'plain', Buffer.from(bytes))), CodecError);
  }
});

test('a code from a newer version is read as internal', () => {
  const settle: QueuedOperation = { action: 'settle', id: template.id, code: 'not-accepted', replyTo: undefined };
  const [operation] = decodeOperations(replaced(settle, 'not-accepted', Buffer.from('brand-newest')));
  assert.deepStrictEqual(operation, { ...settle, code: 'internal' });
});

test('all ids are salvaged from a message whose operations are damaged or cut off', () => {
  fc.assert(
    fc.property(fc.array(anyOperation, { minLength: 1, maxLength: 5 }), fc.nat(), (operations, cut) => {
      const body = encodeOperations(operations);
      const ids = operations.map(({ id }) => id);
      const damaged = Buffer.from(body).fill(0xff, 6 + 24 * ids.length);
      assert.deepStrictEqual(salvageOperationIds(damaged), ids);
      const length = cut % (body.length + 1);
      const whole = Math.max(0, Math.min(ids.length, Math.floor((length - 6) / 24)));
      assert.deepStrictEqual(salvageOperationIds(body.subarray(0, length)), ids.slice(0, whole));
    }),
  );
});

test('salvaging never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      assert.ok(salvageOperationIds(noise).length * 24 <= noise.length);
      const announced = Buffer.concat([Buffer.from([0x4f, 1, 0xff, 0xff, 0xff, 0xff]), noise]);
      assert.equal(salvageOperationIds(announced).length, Math.floor(noise.length / 24));
    }),
  );
});
