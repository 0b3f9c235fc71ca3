import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  type CachedEntry,
  CodecError,
  cachedEntryLayout,
  decodeCachedEntry,
  encodeCachedEntry,
} from '../../src/index.ts';
import { anyCachedEntry, anyEntry, anyTime } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

codecLaws({
  name: 'cached entry',
  arbitrary: anyCachedEntry,
  encode: encodeCachedEntry,
  decode: (body) => decodeCachedEntry(body),
});

test('any change of a single byte is noticed', () => {
  fc.assert(
    fc.property(anyCachedEntry, fc.integer({ min: 1, max: 255 }), (cached, change) => {
      const body = encodeCachedEntry(cached);
      for (let at = 0; at < body.length; at += 1) {
        body[at] = (body[at] as number) ^ change;
        assert.throws(() => decodeCachedEntry(body), CodecError, `byte ${at}`);
        body[at] = (body[at] as number) ^ change;
      }
    }),
    { numRuns: 50 },
  );
});

test('the numbers are where the layout says', () => {
  fc.assert(
    fc.property(anyEntry, anyTime, (entry, asOf) => {
      const numbers = (cached: CachedEntry) => {
        const body = encodeCachedEntry(cached);
        return Object.entries(cachedEntryLayout).map(([name, at]) => [name, Number(body.readBigUInt64BE(at))]);
      };
      assert.deepEqual(Object.fromEntries(numbers({ entry, asOf })), {
        version: entry.version,
        expiresAt: entry.expiresAt ?? 0,
        asOf,
      });
      assert.deepEqual(Object.fromEntries(numbers({ entry: undefined, asOf })), { version: 0, expiresAt: 0, asOf });
    }),
  );
});

test('the value is a view of the bytes, or a copy when asked for', () => {
  fc.assert(
    fc.property(anyEntry, anyTime, (entry, asOf) => {
      const body = encodeCachedEntry({ entry, asOf });
      assert.equal(decodeCachedEntry(body).entry?.value.buffer, body.buffer);
      const copy = decodeCachedEntry(body, 'copy');
      assert.notEqual(copy.entry?.value.buffer, body.buffer);
      body.fill(0);
      assert.deepStrictEqual(copy, { entry, asOf });
    }),
  );
});

test('an absent entry with a version or an expiry is refused, also under a good checksum', () => {
  for (const at of [cachedEntryLayout.version, cachedEntryLayout.expiresAt]) {
    const body = encodeCachedEntry({ entry: undefined, asOf: 1 });
    body.writeBigUInt64BE(1n, at);
    body.writeUInt32BE(crc32(body.subarray(6)), 2);
    assert.throws(() => decodeCachedEntry(body), CodecError);
  }
});

test('times that could not be read back are refused', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      for (const asOf of [1.5, -1, Number.NaN, 2 ** 53]) {
        assert.throws(() => encodeCachedEntry({ entry, asOf }), CodecError);
      }
      assert.throws(() => encodeCachedEntry({ entry: { ...entry, expiresAt: 0 }, asOf: 1 }), CodecError);
    }),
    { numRuns: 5 },
  );
});
