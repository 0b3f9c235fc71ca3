import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Receipt } from '../framework/documents.ts';
import { isBehindNginx } from '../framework/edge.ts';
import { eventually, inParallel } from '../framework/eventually.ts';
import { assertProblem, checkProblem } from '../framework/problems.ts';
import { kvPath, receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();
const behindNginx = await isBehindNginx(store.target.url);
const read = (id: string, headers = {}) => store.request('GET', `/operations/${id}`, { headers });

describe('the operation of a write', () => {
  test('that was applied says when, with which version, and whether the entry is new', async () => {
    const key = store.key('applied/a b');
    const first = await store.settled(await store.put(key, 'one'));
    equal(first.status, 'applied');
    equal(first.action, 'put');
    equal(first.key, key);
    equal(first.created, true);
    equal(first.problem, undefined);
    equal(first.links.self, `/operations/${first.id}`);
    equal(first.links.entry, kvPath(key));
    equal(first.version, versionOf(await store.get(key)));
    match(first.settledAt ?? '', /Z$/);
    ok(Math.abs(Date.parse(first.settledAt ?? '') - Date.now()) < 10_000, first.settledAt);
    equal((await store.settled(await store.put(key, 'two'))).created, false);
    await store.erase(key);
    equal((await store.settled(await store.put(key, 'three'))).created, true);
  });

  test('that deleted has a version and has created nothing', async () => {
    const key = store.key('deleted');
    const version = await store.write(key, 'value');
    const receipt = await store.settled(await store.delete(key));
    equal(receipt.action, 'delete');
    ok((receipt.version ?? 0) > version);
    ok(receipt.created !== true);
  });

  test('that was rejected has the problem a waiting client would have got', async () => {
    const key = store.key('rejected');
    const current = await store.write(key, 'value');
    const accepted = await store.put(key, 'new', { headers: { 'If-Match': '"1"' } });
    const receipt = await store.settled(accepted);
    equal(receipt.status, 'rejected');
    equal(receipt.version, undefined);
    ok(receipt.problem);
    checkProblem(receipt.problem);
    equal(receipt.problem.type, 'urn:stratakv:problem:version-mismatch');
    equal(receipt.problem.currentVersion, current);
  });

  test('that was rejected for its Idempotency-Key says so', async () => {
    // Sent together, so that the log cannot show the first to the second at the gateway. One that comes too late is refused
    // at once, which another scenario is about: then two others are sent.
    const together = async (key: string) => {
      const headers = { 'Idempotency-Key': 'conflict' };
      const sent = await Promise.all(['a', 'b'].map((value) => store.put(key, value, { headers })));
      deepEqual(new Set(sent.map(({ status }) => status)), new Set([202]));
      return sent;
    };
    let tries = 0;
    const answers = await eventually(() => together(store.key(`conflict/${tries++}`)));
    const receipts = await Promise.all(answers.map((answer) => store.settled(answer)));
    const rejected = receipts.find((receipt) => receipt.status === 'rejected');
    equal(rejected?.problem?.type, 'urn:stratakv:problem:idempotency-conflict');
    equal(receipts.filter((receipt) => receipt.status === 'applied').length, 1);
  });

  test('has one outcome, whenever and however often it is asked for', async () => {
    const id = receiptOf(await store.put(store.key('stable'), 'value')).id;
    const first = await store.settled(id);
    await store.write(store.key('stable'), 'later');
    for (let n = 0; n < 5; n++) {
      const again = (await read(id)).json() as Receipt;
      equal(JSON.stringify(again), JSON.stringify(first));
    }
  });

  test('is there for GET and HEAD as soon as the write is accepted', async () => {
    const { id } = receiptOf(await store.put(store.key('soon'), 'value'));
    const answer = await read(id);
    equal(answer.status, 200);
    equal(answer.mediaType, 'application/json');
    equal((await store.request('HEAD', `/operations/${id}`)).status, 200);
  });
});

describe('Prefer: wait on an operation', () => {
  test('waits for the outcome and says so', async () => {
    for (let n = 0; n < 10; n++) {
      const { id } = receiptOf(await store.put(store.key('wait'), `${n}`));
      const answer = await read(id, { Prefer: 'wait=10' });
      equal((answer.json() as Receipt).status, 'applied');
      equal(answer.header('preference-applied'), 'wait=10');
    }
  });

  test('is capped at 60 s like that of a write', async () => {
    const { id } = receiptOf(await store.put(store.key('wait'), 'value'));
    equal((await read(id, { Prefer: 'wait=1000' })).header('preference-applied'), 'wait=60');
  });
});

describe('an id that is not one of ours is 404 operation-unknown', () => {
  const foreign: readonly (readonly [what: string, id: string])[] = [
    ['a word', 'nonsense'],
    ['a number', '1'],
    ['a UUID', '550e8400-e29b-41d4-a716-446655440000'],
    ['random bytes', randomBytes(24).toString('base64url')],
    ['zeros', 'A'.repeat(32)],
    ['a very long one', 'a'.repeat(2_000)],
    ['percent-encoded', '%41%42'],
    ['not UTF-8', '%FF%FE'],
    ['with a NUL', 'abc%00'],
    ['a dot', '.'],
    ['an encoded slash', 'a%2Fb'],
    ['named like a member of every object', '__proto__'],
  ];
  for (const [what, id] of foreign) {
    test(what, async () => {
      // Nginx lets no path with a NUL through.
      const isCut = id.includes('%00') && behindNginx;
      const [type, status] = isCut ? (['invalid-header', 400] as const) : (['operation-unknown', 404] as const);
      assertProblem(await read(id), type, status);
      assertProblem(await read(id, { Prefer: 'wait=5' }), type, status);
      equal((await store.request('HEAD', `/operations/${id}`)).status, status);
    });
  }

  test('one of ours with any one character changed: nobody can make an id that looks like ours', async () => {
    const { id } = receiptOf(await store.put(store.key('tampered'), 'value'));
    const positions = Array.from({ length: id.length }, (_, at) => at);
    for (const replacement of ['A', 'B', '_', '0']) {
      await inParallel(positions, 16, async (at) => {
        if (id[at] === replacement) return;
        const changed = id.slice(0, at) + replacement + id.slice(at + 1);
        assertProblem(await read(changed), 'operation-unknown', 404);
      });
    }
  });

  test('one of ours shortened, made longer or put together from two', async () => {
    const one = receiptOf(await store.put(store.key('tampered'), 'value')).id;
    const two = receiptOf(await store.put(store.key('tampered/other'), 'value')).id;
    const half = Math.floor(one.length / 2);
    for (const changed of [
      one.slice(0, -1),
      one.slice(1),
      `${one}A`,
      `${one}=`,
      one.slice(0, half) + two.slice(half),
    ]) {
      assertProblem(await read(changed), 'operation-unknown', 404);
    }
  });
});

test('an operation takes no query parameters', async () => {
  const { id } = receiptOf(await store.put(store.key('query'), 'value'));
  assertProblem(await read(`${id}?wait=5`), 'invalid-query', 400);
});

test('nothing is queued for a write that is refused at once', async () => {
  const answer = await store.put(store.key('refused'), 'value', { headers: { 'KV-TTL': '0' } });
  const problem = assertProblem(answer, 'invalid-header', 400);
  equal(problem.operation, undefined, 'a definite refusal names no operation');
  equal(answer.header('sync-token'), undefined);
  equal(answer.header('location'), undefined);
});
