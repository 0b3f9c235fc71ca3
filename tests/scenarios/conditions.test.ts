import { equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBehindNginx } from '../framework/edge.ts';
import { assertProblem, checkProblem } from '../framework/problems.ts';
import { type Headers, receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();
const behindNginx = await isBehindNginx(store.target.url);

/** Both kinds of write, with a condition, waited for. */
const writes = [
  ['PUT', (key: string, headers: Headers) => store.put(key, 'new', { wait: 10, headers })],
  ['DELETE', (key: string, headers: Headers) => store.delete(key, { wait: 10, headers })],
] as const;

describe('If-Match with a version', () => {
  for (const [method, write] of writes) {
    test(`lets a ${method} through when the entry has it`, async () => {
      const key = store.key(`match/${method}`);
      const version = await store.write(key, 'old');
      equal((await write(key, { 'If-Match': `"${version}"` })).status, 204);
      equal((await store.get(key)).status, method === 'PUT' ? 200 : 404);
    });

    test(`refuses a ${method} with 412 and the current version when the entry has another`, async () => {
      const key = store.key(`mismatch/${method}`);
      const first = await store.write(key, 'old');
      const second = await store.write(key, 'newer');
      const answer = await write(key, { 'If-Match': `"${first}"` });
      const problem = assertProblem(answer, 'version-mismatch', 412);
      equal(problem.currentVersion, second);
      equal(problem.key, key);
      equal((await store.settled((problem.operation ?? '').replace('/operations/', ''))).status, 'rejected');
      equal((await store.get(key)).text, 'newer');
    });

    test(`refuses a ${method} of an absent key, also one that once had the version`, async () => {
      const key = store.key(`match-absent/${method}`);
      const never = assertProblem(await write(key, { 'If-Match': '"1"' }), 'version-mismatch', 412);
      equal(never.currentVersion, undefined);
      const version = await store.write(key, 'short-lived');
      await store.erase(key);
      assertProblem(await write(key, { 'If-Match': `"${version}"` }), 'version-mismatch', 412);
      equal((await store.get(key)).status, 404);
    });
  }

  test('takes each version once: the second writer with the same version loses', async () => {
    const key = store.key('match/twice');
    const headers = { 'If-Match': `"${await store.write(key, 'start')}"` };
    const answers = await Promise.all([1, 2, 3, 4].map((n) => store.put(key, `writer ${n}`, { wait: 10, headers })));
    equal(answers.filter((answer) => answer.status === 204).length, 1);
    equal(answers.filter((answer) => answer.status === 412).length, 3);
  });
});

describe('If-Match: *', () => {
  for (const [method, write] of writes) {
    test(`lets a ${method} through only when there is an entry`, async () => {
      const key = store.key(`any/${method}`);
      assertProblem(await write(key, { 'If-Match': '*' }), 'version-mismatch', 412);
      await store.write(key, 'old');
      equal((await write(key, { 'If-Match': '*' })).status, 204);
    });
  }
});

describe('If-None-Match: *', () => {
  test('creates, and never replaces', async () => {
    const key = store.key('create');
    const headers = { 'If-None-Match': '*' };
    const created = await store.put(key, 'first', { wait: 10, headers });
    equal(created.status, 201);
    const problem = assertProblem(await store.put(key, 'second', { wait: 10, headers }), 'version-mismatch', 412);
    equal(problem.currentVersion, versionOf(created));
    equal((await store.get(key)).text, 'first');
  });

  test('creates again after a delete', async () => {
    const key = store.key('create-again');
    await store.write(key, 'first');
    await store.erase(key);
    equal((await store.put(key, 'second', { wait: 10, headers: { 'If-None-Match': '*' } })).status, 201);
  });

  test('lets exactly one of many creators win', async () => {
    const key = store.key('create-race');
    const headers = { 'If-None-Match': '*' };
    const numbers = Array.from({ length: 16 }, (_, n) => n);
    const answers = await Promise.all(numbers.map((n) => store.put(key, `${n}`, { wait: 10, headers })));
    const winners = numbers.filter((n) => answers[n]?.status === 201);
    equal(winners.length, 1);
    equal((await store.get(key)).text, `${winners[0]}`);
  });
});

test('a condition is judged when the write is applied: 202 first, then a rejected operation with its problem', async () => {
  const key = store.key('later');
  const version = await store.write(key, 'old');
  const accepted = receiptOf(await store.put(key, 'new', { headers: { 'If-None-Match': '*' } }));
  const receipt = await store.settled(accepted.id);
  equal(receipt.status, 'rejected');
  equal(receipt.version, undefined);
  ok(receipt.problem);
  checkProblem(receipt.problem);
  equal(receipt.problem.status, 412);
  equal(receipt.problem.currentVersion, version);
  equal((await store.get(key)).text, 'old');
});

describe('a condition on a write that is not supported is refused with 400, never ignored', () => {
  const lastYear = new Date(Date.now() - 365 * 86_400_000).toUTCString();
  const conditions: readonly Headers[] = [
    { 'If-Match': 'W/"1"' },
    { 'If-Match': '"1", "2"' },
    { 'If-Match': ['"1"', '"2"'] },
    { 'If-Match': '*, "1"' },
    { 'If-Match': '1' },
    { 'If-Match': '' },
    { 'If-Match': '""' },
    { 'If-Match': '"abc"' },
    { 'If-Match': '"-1"' },
    { 'If-Match': '"1.5"' },
    { 'If-Match': '"99999999999999999999"' },
    { 'If-None-Match': '"1"' },
    { 'If-None-Match': 'W/"1"' },
    { 'If-None-Match': '"1", "2"' },
    { 'If-Unmodified-Since': new Date().toUTCString() },
    { 'If-Unmodified-Since': 'garbage' },
    { 'If-Modified-Since': lastYear },
  ];
  for (const headers of conditions) {
    for (const [method, write] of writes) {
      test(`${method} with ${JSON.stringify(headers)}`, async () => {
        const key = store.key('unsupported');
        // Nginx takes a repeated header of those that may stand once for a broken request.
        const isRepeated = Object.values(headers).some((value) => Array.isArray(value));
        const type = isRepeated && behindNginx ? 'invalid-header' : 'unsupported-condition';
        assertProblem(await write(key, headers), type, 400);
        equal((await store.getLatest(key)).status, 404);
      });
    }
  }
});

describe('a conditional read', () => {
  const key = store.key('read');
  const read = async (headers: Headers) => (await store.get(key, headers)).status;

  test('answers 304 with the headers of the entry and no body', async () => {
    const version = await store.write(key, 'value');
    const answer = await store.get(key, { 'If-None-Match': `"${version}"` });
    equal(answer.status, 304);
    equal(versionOf(answer), version);
    equal((await store.request('HEAD', `/kv/${key}`, { headers: { 'If-None-Match': `"${version}"` } })).status, 304);
  });

  test('takes a list, weak tags and *', async () => {
    const version = await store.write(key, 'value');
    equal(await read({ 'If-None-Match': `"1", "${version}"` }), 304);
    equal(await read({ 'If-None-Match': `"a,b" ,W/"${version}"` }), 304);
    equal(await read({ 'If-None-Match': '*' }), 304);
    equal(await read({ 'If-None-Match': '"1", W/"2"' }), 200);
    equal(await read({ 'If-None-Match': `"x${version}"` }), 200);
  });

  test('answers 200 again once the entry has changed', async () => {
    const version = await store.write(key, 'value');
    await store.write(key, 'changed');
    const answer = await store.get(key, { 'If-None-Match': `"${version}"` });
    equal(answer.status, 200);
    equal(answer.text, 'changed');
  });

  test('holds at the read level no-cache too', async () => {
    const version = await store.write(key, 'value');
    equal(await read({ 'If-None-Match': `"${version}"`, 'Cache-Control': 'no-cache' }), 304);
  });

  test('compares If-Modified-Since with Last-Modified', async () => {
    await store.write(key, 'value');
    const modified = (await store.get(key)).header('last-modified') ?? '';
    equal(await read({ 'If-Modified-Since': modified }), 304);
    equal(await read({ 'If-Modified-Since': new Date(Date.parse(modified) - 1_000).toUTCString() }), 200);
  });

  test('ignores an If-Modified-Since that is no date (RFC 9110 §13.1.3)', async () => {
    await store.write(key, 'value');
    equal(await read({ 'If-Modified-Since': 'yesterday' }), 200);
  });

  test('ignores If-Modified-Since when there is an If-None-Match (RFC 9110 §13.2.2)', async () => {
    const version = await store.write(key, 'value');
    const modified = (await store.get(key)).header('last-modified') ?? '';
    equal(await read({ 'If-None-Match': '"1"', 'If-Modified-Since': modified }), 200);
    equal(await read({ 'If-None-Match': `"${version}"`, 'If-Modified-Since': new Date(0).toUTCString() }), 304);
  });

  test('of an absent key is 404 whatever the condition', async () => {
    equal((await store.get(store.key('read/absent'), { 'If-None-Match': '*' })).status, 404);
    equal((await store.get(store.key('read/absent'), { 'If-None-Match': '"1"' })).status, 404);
  });
});
