import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const mebibyte = 1024 * 1024;

async function storedBytes(key: string): Promise<Buffer> {
  const answer = await store.getLatest(key);
  equal(answer.status, 200, answer.describe());
  equal(answer.header('content-length'), String(answer.body.length));
  return answer.body;
}

describe('a value comes back byte for byte', () => {
  const values: readonly (readonly [what: string, value: Buffer])[] = [
    ['empty', Buffer.alloc(0)],
    ['one zero byte', Buffer.alloc(1)],
    ['all 256 bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80])],
    ['lines of Windows and Unix', Buffer.from('a\r\nb\nc\r')],
    ['a byte order mark', Buffer.from('\ufefftext')],
    ['64 KiB', Buffer.alloc(64 * 1024, 'ab')],
    ['1 MiB', Buffer.alloc(mebibyte, 'stratakv ')],
  ];
  for (const [what, value] of values) {
    for (const isChunked of [false, true]) {
      test(`${what}, ${isChunked ? 'chunked' : 'with its length'}`, async () => {
        const key = store.key(`bytes/${what}/${isChunked}`);
        const path = `/kv/${encodeURI(key)}`;
        const answer = await store.request('PUT', path, { body: value, isChunked, headers: { Prefer: 'wait=10' } });
        equal(answer.status, 201, answer.describe());
        deepEqual(await storedBytes(key), value);
        deepEqual((await store.get(key)).body, value);
      });
    }
  }

  test('any bytes', async () => {
    const values = fc.sample(fc.uint8Array({ maxLength: 4_096 }), 40);
    await inParallel([...values.entries()], 16, async ([index, value]) => {
      const key = store.key(`any/${index}`);
      await store.write(key, value);
      deepEqual(await storedBytes(key), Buffer.from(value));
    });
  });

  test('JSON is not read, also when it looks dangerous or is broken', async () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}', '{broken']) {
      const key = store.key('json');
      await store.write(key, text, { 'Content-Type': 'application/json' });
      equal((await store.get(key)).text, text);
    }
  });

  test('a form is not read either', async () => {
    const key = store.key('form');
    await store.write(key, 'a=1&b=%00', { 'Content-Type': 'application/x-www-form-urlencoded' });
    equal((await store.get(key)).text, 'a=1&b=%00');
  });
});

describe('the content type', () => {
  test('is application/octet-stream when none was sent', async () => {
    const key = store.key('type/none');
    await store.write(key, 'x');
    equal((await store.get(key)).header('content-type'), 'application/octet-stream');
  });

  for (const type of [
    'text/plain; charset=utf-8',
    'text/html',
    'application/json',
    'multipart/form-data; boundary=x',
    'Image/PNG',
    'application/vnd.example+json;v=1',
  ]) {
    test(`${type} is kept as sent`, async () => {
      const key = store.key('type/kept');
      await store.write(key, 'x', { 'Content-Type': type });
      equal((await store.get(key)).header('content-type'), type);
    });
  }

  test('is replaced with the value', async () => {
    const key = store.key('type/replaced');
    await store.write(key, 'x', { 'Content-Type': 'text/plain' });
    await store.write(key, 'x');
    equal((await store.get(key)).header('content-type'), 'application/octet-stream');
  });
});

describe('meta headers', () => {
  test('are kept with the entry and gone with the next put that has none', async () => {
    const key = store.key('meta/kept');
    await store.write(key, 'x', { 'KV-Meta-Author': 'Fernando', 'KV-Meta-Source-File': 'a b.txt' });
    const answer = await store.get(key);
    equal(answer.header('kv-meta-author'), 'Fernando');
    equal(answer.header('kv-meta-source-file'), 'a b.txt');
    await store.write(key, 'x');
    equal((await store.get(key)).header('kv-meta-author'), undefined);
  });

  test('have names without case, shown in lower case by batchGet', async () => {
    const key = store.key('meta/case');
    await store.write(key, 'x', { 'kv-META-AuThOr': 'Pessoa' });
    equal((await store.get(key)).header('KV-Meta-Author'), 'Pessoa');
    deepEqual((await store.batch([key]))[0]?.meta, { author: 'Pessoa' });
  });

  test('named like members of every object are ordinary names', async () => {
    const key = store.key('meta/proto');
    await store.write(key, 'x', { 'KV-Meta-__proto__': 'p', 'KV-Meta-Constructor': 'c' });
    const answer = await store.get(key);
    equal(answer.header('kv-meta-__proto__'), 'p');
    equal(answer.header('kv-meta-constructor'), 'c');
  });

  test('keep the bytes of their values, also beyond ASCII (all bytes in are bytes out)', async () => {
    const key = store.key('meta/utf8');
    const sent = Buffer.from('São Paulo').toString('latin1');
    await store.write(key, 'x', { 'KV-Meta-City': sent });
    equal((await store.get(key)).header('kv-meta-city'), sent);
  });

  // Whether the prefix counts is left open, so both sizes are clear of it.
  test('take up to 2 KiB together and are refused with 400 above', async () => {
    const key = store.key('meta/size');
    await store.write(key, 'x', { 'KV-Meta-A': 'a'.repeat(1_000), 'KV-Meta-B': 'b'.repeat(1_000) });
    equal((await store.get(key)).header('kv-meta-b'), 'b'.repeat(1_000));
    const tooMuch = { 'KV-Meta-A': 'a'.repeat(1_024), 'KV-Meta-B': 'b'.repeat(1_025) };
    assertProblem(await store.put(key, 'y', { wait: 10, headers: tooMuch }), 'invalid-header', 400);
    equal((await store.get(key)).text, 'x');
  });
});

describe('Content-Encoding', () => {
  for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip', 'unknown']) {
    test(`${encoding} is refused with 415`, async () => {
      const answer = await store.put(store.key('encoding'), 'x', { headers: { 'Content-Encoding': encoding } });
      assertProblem(answer, 'unsupported-encoding', 415);
    });
  }

  for (const encoding of ['identity', 'Identity']) {
    test(`${encoding} is taken and not shown`, async () => {
      const key = store.key('identity');
      await store.write(key, 'x', { 'Content-Encoding': encoding });
      equal((await store.get(key)).header('content-encoding'), undefined);
    });
  }

  test('is never added by the store: the bytes are the stored ones', async () => {
    const key = store.key('accept-encoding');
    await store.write(key, 'a'.repeat(10_000), { 'Content-Type': 'text/plain' });
    const answer = await store.get(key, { 'Accept-Encoding': 'gzip, br' });
    equal(answer.header('content-encoding'), undefined);
    equal(answer.body.length, 10_000);
  });
});

test('a stored page cannot run in a browser', async () => {
  const key = store.key('page.html');
  await store.write(key, '<script>alert(1)</script>', { 'Content-Type': 'text/html' });
  const answer = await store.get(key);
  equal(answer.header('x-content-type-options'), 'nosniff');
  equal(answer.header('content-security-policy'), 'sandbox');
});

test('ranges are not supported and say so: the whole value comes with 200', async () => {
  const key = store.key('range');
  await store.write(key, '0123456789');
  const answer = await store.get(key, { Range: 'bytes=2-4' });
  equal(answer.status, 200);
  equal(answer.text, '0123456789');
  equal(answer.header('accept-ranges'), 'none');
});
