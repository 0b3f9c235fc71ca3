import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CodecError,
  decodeScanPage,
  decodeScanQuery,
  encodeScanPage,
  encodeScanQuery,
  parseKey,
  type ScanQuery,
} from '../../src/index.ts';
import { anyScanPage, anyScanQuery } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

codecLaws({ name: 'scan query', arbitrary: anyScanQuery, encode: encodeScanQuery, decode: decodeScanQuery });

codecLaws({
  name: 'scan page',
  arbitrary: anyScanPage,
  encode: encodeScanPage,
  decode: (body) => decodeScanPage(body, 6),
});

const query: ScanQuery = { prefix: 'a/', delimiter: '/', after: undefined, limit: 100, maxBytes: 1_048_576 };

test('a limit out of its range is refused both ways', () => {
  for (const limit of [0, 1001, -1, 1.5]) assert.throws(() => encodeScanQuery({ ...query, limit }), CodecError);
  for (const limit of [0, 1001, 0xffff_ffff]) {
    const body = encodeScanQuery(query);
    body.writeUInt32BE(limit, body.length - 12);
    assert.throws(() => decodeScanQuery(body), CodecError);
  }
});

test('a page with more entries and prefixes than asked for is refused', () => {
  const page = { entries: [], prefixes: ['a/', 'b/', 'c/'], next: undefined };
  assert.deepStrictEqual(decodeScanPage(encodeScanPage(page), 3), page);
  assert.throws(() => decodeScanPage(encodeScanPage(page), 2), CodecError);
});

test('the shortest entry and prefix come back', () => {
  const entry = { key: parseKey('a'), version: 1, size: 0, contentType: '', modifiedAt: 1, expiresAt: undefined };
  const page = { entries: [entry], prefixes: [''], next: undefined };
  assert.deepStrictEqual(decodeScanPage(encodeScanPage(page), 2), page);
});
