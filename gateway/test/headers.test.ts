import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, maxTtlSeconds, OperationIds, parseKey, StrataError } from '@stratakv/core';
import { isUnchanged, parseWriteCondition, refuseReadConditions } from '../src/headers/conditions.ts';
import { parseIdempotencyKey } from '../src/headers/idempotency-key.ts';
import { parseContentType, parseMeta, parseTtl, refuseEncoding } from '../src/headers/metadata.ts';
import { parseWait } from '../src/headers/prefer.ts';
import { parseSyncToken } from '../src/headers/sync-token.ts';

const hasCode = (code: string) => (error: unknown) => error instanceof StrataError && error.code === code;

test('Prefer: wait is read as RFC 7240 has it, capped, and ignored when malformed', () => {
  const rows: [string | undefined, number | undefined][] = [
    [undefined, undefined],
    ['wait=5', 5],
    ['WAIT=5', 5],
    ['wait="5"', 5],
    ['wait = 5', 5],
    ['wait=0', 0],
    ['wait=61', 60],
    ['wait=999999999', 60],
    ['respond-async, wait=10', 10],
    ['wait=3; foo=bar', 3],
    ['wait=1, wait=2', 1],
    ['wait', undefined],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['wait=abc', undefined],
    ['waiting=5', undefined],
    ['return=minimal', undefined],
  ];
  for (const [header, seconds] of rows) assert.equal(parseWait(header), seconds, header);
});

test('a write takes one condition of three kinds, and no other', () => {
  assert.equal(parseWriteCondition({}), undefined);
  assert.deepEqual(parseWriteCondition({ 'if-match': '"12"' }), { kind: 'version', version: 12 });
  assert.deepEqual(parseWriteCondition({ 'if-match': '*' }), { kind: 'present' });
  assert.deepEqual(parseWriteCondition({ 'if-none-match': '*' }), { kind: 'absent' });
  const unsupported = [
    { 'if-match': '12' },
    { 'if-match': '"a"' },
    { 'if-match': '"0"' },
    { 'if-match': 'W/"12"' },
    { 'if-match': '"1", "2"' },
    { 'if-match': '"99999999999999999"' },
    { 'if-none-match': '"12"' },
    { 'if-match': '*', 'if-none-match': '*' },
    { 'if-unmodified-since': 'Sat, 21 Nov 2026 12:00:00 GMT' },
    { 'if-modified-since': 'Sat, 21 Nov 2026 12:00:00 GMT' },
    { 'if-range': '"12"' },
  ];
  for (const headers of unsupported) {
    assert.throws(() => parseWriteCondition(headers), hasCode('unsupported-condition'), JSON.stringify(headers));
  }
  assert.throws(() => refuseReadConditions({ 'if-match': '"1"' }), hasCode('unsupported-condition'));
});

test('a conditional read compares weakly, by version first and by date without one', () => {
  const modifiedAt = Date.parse('2026-11-21T12:00:00.700Z');
  const base = { value: new Uint8Array(), contentType: 'a/b', meta: [], expiresAt: undefined };
  const entry: Entry = { ...base, key: parseKey('k'), version: 12, modifiedAt };
  const rows: [Record<string, string>, boolean][] = [
    [{ 'if-none-match': '"12"' }, true],
    [{ 'if-none-match': 'W/"12"' }, true],
    [{ 'if-none-match': '"1" , "12"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': '"13"' }, false],
    [{ 'if-modified-since': 'Sat, 21 Nov 2026 12:00:00 GMT' }, true],
    [{ 'if-modified-since': 'Sat, 21 Nov 2026 11:59:59 GMT' }, false],
    [{ 'if-modified-since': 'yesterday' }, false],
    [{ 'if-none-match': '"13"', 'if-modified-since': 'Sat, 21 Nov 2026 12:00:00 GMT' }, false],
    [{}, false],
  ];
  for (const [headers, unchanged] of rows)
    assert.equal(isUnchanged(headers, entry), unchanged, JSON.stringify(headers));
});

test('KV-TTL is whole seconds within its bounds', () => {
  assert.equal(parseTtl(undefined), undefined);
  assert.equal(parseTtl('1'), 1);
  assert.equal(parseTtl(String(maxTtlSeconds)), maxTtlSeconds);
  for (const header of ['0', '-1', '1.5', '1e3', '', ' 1', '01', 'abc', String(maxTtlSeconds + 1), '5, 6']) {
    assert.throws(() => parseTtl(header), hasCode('invalid-header'), header);
  }
});

test('meta headers are kept sorted, up to 2 KiB together', () => {
  assert.deepEqual(parseMeta({ 'kv-meta-b': '2', 'kv-meta-a': '1', 'kv-ttl': '5' }), [
    ['a', '1'],
    ['b', '2'],
  ]);
  assert.equal(parseMeta({ 'kv-meta-a': 'x'.repeat(2047) }).length, 1);
  assert.throws(() => parseMeta({ 'kv-meta-a': 'x'.repeat(2048) }), hasCode('invalid-header'));
  assert.throws(() => parseMeta({ 'kv-meta-': 'x' }), hasCode('invalid-header'));
});

test('Content-Type is type/subtype, Content-Encoding identity', () => {
  assert.equal(parseContentType(undefined), 'application/octet-stream');
  assert.equal(parseContentType('text/plain; charset=utf-8'), 'text/plain; charset=utf-8');
  for (const header of ['text', 'text/', '/plain', `text/${'x'.repeat(255)}`, '']) {
    assert.throws(() => parseContentType(header), hasCode('invalid-header'), header);
  }
  refuseEncoding(undefined);
  refuseEncoding('Identity');
  assert.throws(() => refuseEncoding('gzip'), hasCode('unsupported-encoding'));
});

test('an Idempotency-Key means the same quoted and bare', () => {
  assert.equal(parseIdempotencyKey(undefined), undefined);
  assert.equal(parseIdempotencyKey('"order-1"'), 'order-1');
  assert.equal(parseIdempotencyKey('order-1'), 'order-1');
  assert.equal(parseIdempotencyKey(`"${'k'.repeat(255)}"`), 'k'.repeat(255));
  for (const header of ['', '""', 'a b', 'é', 'k'.repeat(256), '"a b"']) {
    assert.throws(() => parseIdempotencyKey(header), hasCode('invalid-header'), header);
  }
});

test('a Sync-Token holds ids of ours, at most 100', () => {
  const ids = new OperationIds([Buffer.alloc(32, 1)]);
  const id = ids.create(3, 1_763_000_000_000);
  assert.deepEqual(parseSyncToken(`${id}, ${id}`, ids).length, 2);
  assert.deepEqual(parseSyncToken(undefined, ids), []);
  const others = [new OperationIds([Buffer.alloc(32, 2)]).create(3, 1), '', `${id},`, Array(101).fill(id).join()];
  for (const header of others) assert.throws(() => parseSyncToken(header, ids), hasCode('invalid-sync-token'));
});
