import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultPartitionCount, parseKey, partitionOf } from '../src/index.ts';
import { anyKey } from './arbitraries.ts';

test('the partition of a key is fixed: crc32 (ISO-HDLC) of its UTF-8 modulo the number of partitions', () => {
  // The check value of the catalogue: crc32("123456789") = 0xcbf43926.
  assert.equal(partitionOf(parseKey('123456789'), 2 ** 32), 0xcbf4_3926);
  assert.equal(partitionOf(parseKey('123456789'), defaultPartitionCount), 6);
});

test('every key has a partition', () => {
  fc.assert(
    fc.property(anyKey, fc.integer({ min: 1, max: 64 }), (key, count) => {
      const partition = partitionOf(key, count);
      assert.ok(Number.isInteger(partition) && partition >= 0 && partition < count);
    }),
  );
});
