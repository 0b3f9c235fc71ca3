import { equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBehindNginx } from '../framework/edge.ts';
import { eventually } from '../framework/eventually.ts';
import { assertProblem, checkProblemAnswer } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';
import { rawExchange, requestHead, Wire } from '../framework/wire.ts';

const store = await useStore();
const behindNginx = await isBehindNginx(store.target.url);
const mebibyte = 1024 * 1024;

function putHead(key: string, ...headers: readonly string[]): string {
  return requestHead(`PUT /kv/${key} HTTP/1.1`, 'Host: localhost', ...headers);
}

async function assertAbsent(key: string): Promise<void> {
  equal((await store.getLatest(key)).status, 404);
}

describe('a value above 1 MiB is refused with a 413 the client can read', () => {
  const sizes: readonly (readonly [what: string, bytes: number])[] = [
    ['1 MiB + 1', mebibyte + 1],
    ['8 MiB', 8 * mebibyte],
  ];
  for (const [what, bytes] of sizes) {
    for (const isChunked of [false, true]) {
      test(`${what}, ${isChunked ? 'chunked' : 'with its length'}`, async () => {
        const key = store.key('too-large');
        const answer = await store.request('PUT', `/kv/${key}`, { body: Buffer.alloc(bytes), isChunked });
        assertProblem(answer, 'value-too-large', 413);
        await assertAbsent(key);
      });
    }
  }

  test('also for a client that sends everything before it reads', async () => {
    const key = store.key('too-large-blind');
    const wire = await Wire.open(store.target.url);
    try {
      await wire.write(putHead(key, `Content-Length: ${8 * mebibyte}`));
      for (let sent = 0; sent < 8; sent++) await wire.write(Buffer.alloc(mebibyte));
      assertProblem(await wire.answer(), 'value-too-large', 413);
    } finally {
      wire.close();
    }
    await assertAbsent(key);
  });

  test('before the upload when the client asks first (Expect: 100-continue)', async () => {
    const head = putHead(store.key('expect'), `Content-Length: ${8 * mebibyte}`, 'Expect: 100-continue');
    const answer = await rawExchange(store.target.url, head);
    assertProblem(answer, 'value-too-large', 413);
    checkProblemAnswer(answer);
  });

  test('and the entry that was there stays', async () => {
    const key = store.key('too-large-replace');
    await store.write(key, 'small');
    const answer = await store.put(key, Buffer.alloc(mebibyte + 1), { wait: 10 });
    assertProblem(answer, 'value-too-large', 413);
    equal((await store.getLatest(key)).text, 'small');
  });

  test('and the next request over the same client works', async () => {
    await store.put(store.key('too-large-then'), Buffer.alloc(2 * mebibyte));
    await store.write(store.key('too-large-then'), 'fine');
  });
});

describe('Expect: 100-continue', () => {
  test('is answered with 100 and the write goes on', async () => {
    const key = store.key('continue');
    const wire = await Wire.open(store.target.url);
    try {
      await wire.write(putHead(key, 'Content-Length: 5', 'Expect: 100-continue', 'Prefer: wait=10'));
      equal((await wire.answer()).status, 100);
      await wire.write('hello');
      equal((await wire.answer()).status, 201);
    } finally {
      wire.close();
    }
    equal((await store.get(key)).text, 'hello');
  });

  for (const [what, header, type, status] of [
    ['an encoding', 'Content-Encoding: gzip', 'unsupported-encoding', 415],
    ['a bad TTL', 'KV-TTL: never', 'invalid-header', 400],
    ['a weak tag', 'If-Match: W/"1"', 'unsupported-condition', 400],
  ] as const) {
    test(`is refused before the upload for ${what}`, async () => {
      const wire = await Wire.open(store.target.url);
      try {
        await wire.write(putHead(store.key('expect'), 'Content-Length: 5', 'Expect: 100-continue', header));
        if (behindNginx) {
          // Nginx asks for every body that is not too large, before anybody else has seen the request.
          equal((await wire.answer()).status, 100);
          await wire.write('hello');
        }
        assertProblem(await wire.answer(), type, status);
      } finally {
        wire.close();
      }
    });
  }
});

describe('the length of a body', () => {
  test('must be known or the body chunked: 411, and the entry stays (curl -X PUT without a body)', async () => {
    const key = store.key('no-length');
    await store.write(key, 'kept');
    const answer = await rawExchange(store.target.url, putHead(key));
    assertProblem(answer, 'length-required', 411);
    checkProblemAnswer(answer);
    equal((await store.getLatest(key)).text, 'kept');
  });

  test('of zero is an empty value', async () => {
    const key = store.key('zero-length');
    const answer = await rawExchange(store.target.url, putHead(key, 'Content-Length: 0', 'Prefer: wait=10'));
    equal(answer.status, 201, answer.describe());
    equal((await store.getLatest(key)).body.length, 0);
  });

  test('of an empty chunked body is an empty value', async () => {
    const key = store.key('zero-chunks');
    const request = `${putHead(key, 'Transfer-Encoding: chunked', 'Prefer: wait=10')}0\r\n\r\n`;
    equal((await rawExchange(store.target.url, request)).status, 201);
    equal((await store.getLatest(key)).body.length, 0);
  });

  for (const length of ['-1', '1x', '0x10', '1, 2', '99999999999999999999']) {
    test(`Content-Length: ${length} is 400`, async () => {
      const answer = await rawExchange(
        store.target.url,
        `${putHead(store.key('bad-length'), `Content-Length: ${length}`)}x`,
      );
      equal(answer.status, 400, answer.describe());
      checkProblemAnswer(answer);
    });
  }

  test('that comes in twice with different values is 400', async () => {
    const head = putHead(store.key('two-lengths'), 'Content-Length: 1', 'Content-Length: 2');
    equal((await rawExchange(store.target.url, `${head}xy`)).status, 400);
  });
});

describe('an upload cut half-way stores nothing', () => {
  const cuts: readonly (readonly [what: string, header: string, sent: string])[] = [
    ['with its length', 'Content-Length: 100', 'only the first part'],
    ['chunked, inside a chunk', 'Transfer-Encoding: chunked', '64\r\nonly the first part'],
    ['chunked, after a whole chunk', 'Transfer-Encoding: chunked', '5\r\nwhole\r\n'],
    ['chunked, inside the last chunk', 'Transfer-Encoding: chunked', '5\r\nwhole\r\n0\r\n'],
  ];
  for (const [what, header, sent] of cuts) {
    for (const end of ['cut', 'close'] as const) {
      test(`${what}, by ${end === 'cut' ? 'a reset' : 'closing'}`, async () => {
        const key = store.key(`aborted/${end}/${what.replaceAll(/\W/g, '-')}`);
        const wire = await Wire.open(store.target.url);
        await wire.write(putHead(key, header) + sent);
        await sleep(50);
        wire[end]();
        // Long enough for a write that should not have been made to be seen.
        await sleep(150);
        await assertAbsent(key);
      });
    }
  }
});

test('a body that comes slowly is taken whole', async () => {
  const key = store.key('slow');
  const wire = await Wire.open(store.target.url);
  try {
    await wire.write(putHead(key, 'Content-Length: 10', 'Prefer: wait=10'));
    for (const digit of '0123456789') {
      await wire.write(digit);
      await sleep(20);
    }
    equal((await wire.answer()).status, 201);
  } finally {
    wire.close();
  }
  await eventually(async () => equal((await store.get(key)).text, '0123456789'));
});

test('a malformed chunk is 400 and stores nothing', async () => {
  const key = store.key('bad-chunk');
  const request = `${putHead(key, 'Transfer-Encoding: chunked')}5\r\nwhole\r\nzz\r\n`;
  const answer = await rawExchange(store.target.url, request);
  equal(answer.status, 400, answer.describe());
  await assertAbsent(key);
});
