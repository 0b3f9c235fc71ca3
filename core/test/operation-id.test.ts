import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OperationIds, operationCreatedAt, operationPartition } from '../src/index.ts';
import { anyId, anyTime } from './arbitraries.ts';

const secret = Buffer.alloc(32, 1);
const previous = Buffer.alloc(32, 2);
const anyPartition = fc.integer({ min: 0, max: 65_535 });

test('time and partition come back out of an id', () => {
  const ids = new OperationIds([secret]);
  fc.assert(
    fc.property(anyPartition, anyTime, (partition, createdAt) => {
      const id = ids.create(partition, createdAt);
      assert.match(id, /^[A-Za-z0-9_-]{32}$/);
      assert.deepEqual(ids.parse(id), { id, createdAt, partition });
      assert.equal(operationCreatedAt(id), createdAt);
      assert.equal(operationPartition(id), partition);
    }),
  );
});

test('no two ids are the same, also made in the same millisecond', () => {
  const ids = new OperationIds([secret]);
  const made = Array.from({ length: 2000 }, () => ids.create(1, 1_763_702_400_000));
  assert.equal(new Set(made).size, made.length);
});

test('an id with any one character changed is not ours', () => {
  const ids = new OperationIds([secret]);
  const id = ids.create(7, 1_763_702_400_000);
  for (let at = 0; at < id.length; at += 1) {
    for (const character of 'AZaz09_-') {
      const tampered = id.slice(0, at) + character + id.slice(at + 1);
      if (tampered !== id) assert.equal(ids.parse(tampered), undefined);
    }
  }
});

test('an id that was made up is not ours', () => {
  const ids = new OperationIds([secret, previous]);
  fc.assert(fc.property(anyId, (id) => assert.equal(ids.parse(id), undefined)));
});

test('no other text is an id', () => {
  const ids = new OperationIds([secret]);
  const id = ids.create(7, 1_763_702_400_000);
  for (const text of [
    '',
    'x',
    id.slice(1),
    `${id}A`,
    `${id}=`,
    ` ${id}`,
    `${id}\n`,
    id.replace(/.$/, '='),
    'é'.repeat(32),
  ]) {
    assert.equal(ids.parse(text), undefined);
  }
});

test('after a rotation ids under the previous secret are recognised, new ones are signed with the new secret', () => {
  const before = new OperationIds([previous]);
  const after = new OperationIds([secret, previous]);
  const later = new OperationIds([secret]);
  const old = before.create(1, 1000);
  const fresh = after.create(1, 1000);
  assert.equal(after.parse(old)?.id, old);
  assert.equal(after.parse(fresh)?.id, fresh);
  assert.equal(later.parse(fresh)?.id, fresh);
  assert.equal(later.parse(old), undefined);
  assert.equal(before.parse(fresh), undefined);
});

test('a missing or short secret is refused', () => {
  for (const secrets of [[], [Buffer.alloc(15)], [secret, Buffer.alloc(15)]]) {
    assert.throws(() => new OperationIds(secrets), RangeError);
  }
  assert.ok(new OperationIds([Buffer.alloc(16)]).create(0, 0));
});
