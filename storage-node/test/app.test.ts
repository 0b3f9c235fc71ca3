import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import {
  cachedLevel,
  decodeFingerprintAnswer,
  decodeInstallation,
  decodeOperationsAnswer,
  decodeReadFrame,
  decodeScanPage,
  encodeFingerprintRequest,
  encodeOperationsRequest,
  encodeReadRequest,
  encodeScanQuery,
  FrameSplitter,
  type IndexedAnswer,
  parseKey,
  StrataError,
} from '@stratakv/core';
import { newId } from '@stratakv/core/testing';
import { createLogger, HealthChecks, readConfig } from '@stratakv/service-kit';
import type { FastifyInstance } from 'fastify';
import { buildStorageNode, defaultStorageSettings, storageNodeSettings } from '../src/index.ts';
import { Fixture, textOf } from './fixture.ts';

const key = parseKey('cities/lisbon');
const fail = { kind: 'fail', error: new StrataError('unavailable', 'it is away') } as const;

let fixture: Fixture;
let app: FastifyInstance;
beforeEach(() => {
  fixture = new Fixture();
  app = buildStorageNode({
    storage: fixture.storage,
    cache: fixture.cache.port,
    clock: fixture.clock,
    logger: createLogger({ service: 'storage-node', level: 'silent' }),
    health: new HealthChecks({ cacheMs: 0 }),
    metrics: fixture.metrics,
  });
});

const post = (url: string, payload: Buffer) =>
  app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/octet-stream' } });

/** The answers of a stream of frames, one list a frame. */
function framesOf(stream: Buffer, reads: number): readonly (readonly IndexedAnswer[])[] {
  const splitter = new FrameSplitter(100 * 1024 * 1024);
  const frames = splitter.push(stream).map((frame) => decodeReadFrame(frame, reads));
  assert.ok(splitter.isBetweenFrames);
  return frames;
}

/** All answers, in the order of the reads. */
function answersOf(stream: Buffer, reads: number) {
  const answers = framesOf(stream, reads).flat();
  return answers.sort((a, b) => a.index - b.index).map(({ answer }) => answer);
}

test('each method of the port has its route', async () => {
  fixture.commit(key, 'Lisboa');
  const reads = [key, parseKey('absent')].map((read) => ({ key: read, level: cachedLevel }));
  const read = await post('/read', encodeReadRequest({ reads, remainingMs: 1000 }));
  assert.equal(read.headers['content-type'], 'application/octet-stream');
  const answers = answersOf(read.rawPayload, 2);
  assert.deepEqual(answers.map(textOf), ['Lisboa', undefined]);

  const query = { prefix: 'cities/', delimiter: undefined, after: undefined, limit: 10, maxBytes: 1000 };
  const page = decodeScanPage((await post('/scan', encodeScanQuery(query))).rawPayload, 10);
  assert.deepEqual(
    page.entries.map((entry) => [entry.key, entry.size]),
    [[key, 6]],
  );
  const operations = await post('/operations', encodeOperationsRequest([newId(key)]));
  assert.deepEqual(decodeOperationsAnswer(operations.rawPayload, 1), [undefined]);
  const fingerprint = await post('/fingerprint', encodeFingerprintRequest('unknown'));
  assert.equal(decodeFingerprintAnswer(fingerprint.rawPayload), undefined);
  const installation = await post('/installation', Buffer.alloc(0));
  assert.equal(decodeInstallation(installation.rawPayload).partitionCount, 16);
});

test('what is no message of ours is 400, as a problem', async () => {
  const whole = encodeReadRequest({ reads: [{ key, level: cachedLevel }], remainingMs: 1000 });
  for (const path of ['/read', '/scan', '/operations', '/fingerprint']) {
    for (const body of [Buffer.alloc(0), Buffer.from('nonsense'), whole.subarray(0, -1)]) {
      const answer = await post(path, body);
      assert.equal(answer.statusCode, 400, path);
      assert.equal(answer.json().type, 'urn:stratakv:problem:invalid-query');
    }
  }
});

test('what the database throws keeps its status', async () => {
  fixture.reader.faults.plan('scan', fail);
  const query = { prefix: '', delimiter: undefined, after: undefined, limit: 10, maxBytes: 1000 };
  const answer = await post('/scan', encodeScanQuery(query));
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
});

test('what the cache has comes in the first frame, without waiting for the database', async () => {
  fixture.commit(key, 'Lisboa');
  await fixture.found(key);
  const misses = ['porto', 'faro'].map((name) => parseKey(name));
  for (const miss of misses) fixture.commit(miss, miss);
  const reads = [misses[0] ?? key, key, misses[1] ?? key].map((read) => ({ key: read, level: cachedLevel }));
  const { rawPayload } = await post('/read', encodeReadRequest({ reads, remainingMs: 1000 }));
  const [first, second, ...more] = framesOf(rawPayload, 3);
  assert.deepEqual(
    first?.map(({ index, answer }) => [index, textOf(answer)]),
    [[1, 'Lisboa']],
  );
  assert.deepEqual(
    second?.map(({ index, answer }) => [index, textOf(answer)]),
    [
      [0, 'porto'],
      [2, 'faro'],
    ],
  );
  assert.deepEqual(more, []);
});

test('an answer is bounded in bytes, and comes in frames of about 1 MiB', async () => {
  const keys = Array.from({ length: 70 }, (_, index) => parseKey(`large-${index}`));
  for (const large of keys) fixture.commit(large, 'x'.repeat(1024 * 1024));
  const reads = keys.map((large) => ({ key: large, level: cachedLevel }));
  const { rawPayload } = await post('/read', encodeReadRequest({ reads, remainingMs: 1000 }));
  assert.ok(
    framesOf(rawPayload, 70).every((frame) => frame.filter(({ answer }) => answer.kind === 'found').length <= 1),
  );
  const answers = answersOf(rawPayload, 70);
  assert.equal(answers.length, 64, 'what is left out is asked for again');
  assert.ok(answers.every(({ kind }) => kind === 'found'));
});

test('without its database it is not ready, without its cache degraded', async () => {
  fixture.cache.faults.plan('check', fail);
  const degraded = await app.inject('/readyz');
  assert.deepEqual([degraded.statusCode, degraded.json().status], [200, 'degraded']);
  fixture.reader.faults.plan('check', fail);
  const down = await app.inject('/readyz');
  assert.deepEqual([down.statusCode, down.json().status], [503, 'not-ready']);
  assert.deepEqual(Object.keys(down.json().checks), ['database', 'cache']);
});

test('/metrics counts what the cache did', async () => {
  fixture.commit(key, 'a');
  await fixture.found(key);
  await fixture.found(key);
  const { body } = await app.inject('/metrics');
  assert.match(body, /kv_reads_total\{cache="hit",service="storage-node"\} 1/);
  assert.match(body, /kv_reads_total\{cache="miss",service="storage-node"\} 1/);
  assert.match(body, /kv_cache_fills_total\{result="taken",service="storage-node"\} 1/);
  assert.match(body, /kv_database_read_keys_count\{service="storage-node"\} 1/);
});

test('the settings table has the defaults that embedded takes', () => {
  const config = readConfig(storageNodeSettings, {});
  for (const [name, value] of Object.entries(config)) {
    if (name in defaultStorageSettings) assert.equal(value, Reflect.get(defaultStorageSettings, name), name);
  }
});
