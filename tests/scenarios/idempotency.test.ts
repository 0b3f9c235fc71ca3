import { equal, notEqual, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem } from '../framework/problems.ts';
import { type Headers, receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();

function once(idempotencyKey: string, headers: Headers = {}) {
  return { wait: 10, headers: { 'Idempotency-Key': idempotencyKey, ...headers } };
}

describe('the same write again under the same Idempotency-Key', () => {
  test('has the outcome and the version of the first', async () => {
    const key = store.key('again');
    const first = await store.put(key, 'value', once('again'));
    equal(first.status, 201);
    const second = await store.put(key, 'value', once('again'));
    equal(second.status, 201);
    equal(versionOf(second), versionOf(first));
    equal(versionOf(await store.getLatest(key)), versionOf(first));
  });

  test('does not undo what was written in between', async () => {
    const key = store.key('between');
    await store.put(key, 'first', once('between'));
    const later = await store.write(key, 'later');
    equal((await store.put(key, 'first', once('between'))).status, 201);
    const answer = await store.getLatest(key);
    equal(answer.text, 'later');
    equal(versionOf(answer), later);
  });

  test('is the same quoted and bare', async () => {
    const key = store.key('quoted');
    const first = await store.put(key, 'value', once('"quoted-1"'));
    const second = await store.put(key, 'value', once('quoted-1'));
    equal(versionOf(second), versionOf(first));
  });

  test('is the same with and without Prefer and with other trace headers', async () => {
    const key = store.key('prefer');
    const first = await store.settled(
      await store.put(key, 'value', { headers: { 'Idempotency-Key': 'p', 'X-Request-Id': 'one' } }),
    );
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const second = await store.put(key, 'value', once('p', { 'X-Request-Id': 'two', traceparent }));
    equal(versionOf(second), first.version);
  });

  test('settles like the first when nobody waits', async () => {
    const key = store.key('unwaited');
    const headers = { 'Idempotency-Key': 'unwaited' };
    const first = await store.settled(await store.put(key, 'value', { headers }));
    const again = receiptOf(await store.put(key, 'value', { headers }));
    notEqual(again.id, first.id, 'an id names one attempt');
    const second = await store.settled(again.id);
    equal(second.status, 'applied');
    equal(second.version, first.version);
    equal(second.created, first.created);
  });

  test('applies a delete once', async () => {
    const key = store.key('delete');
    await store.write(key, 'value');
    equal((await store.delete(key, once('d'))).status, 204);
    await store.write(key, 'back');
    equal((await store.delete(key, once('d'))).status, 204);
    equal((await store.getLatest(key)).text, 'back');
  });

  test('repeats a rejection, although the condition would hold by now', async () => {
    const key = store.key('rejected');
    await store.write(key, 'in the way');
    const create = once('r', { 'If-None-Match': '*' });
    assertProblem(await store.put(key, 'value', create), 'version-mismatch', 412);
    await store.erase(key);
    assertProblem(await store.put(key, 'value', create), 'version-mismatch', 412);
    equal((await store.getLatest(key)).status, 404);
  });

  test('is applied once when many attempts come at the same time', async () => {
    const key = store.key('parallel');
    const attempts = Array.from({ length: 12 }, () => store.put(key, 'value', once('same')));
    const answers = await Promise.all(attempts);
    for (const answer of answers) equal(answer.status, 201, answer.describe());
    equal(new Set(answers.map(versionOf)).size, 1);
  });
});

describe('another write under a used Idempotency-Key is refused with 422', () => {
  const different: readonly (readonly [what: string, value: string, headers: Headers])[] = [
    ['value', 'other', {}],
    ['empty value', '', {}],
    ['content type', 'value', { 'Content-Type': 'text/plain' }],
    ['meta header', 'value', { 'KV-Meta-A': 'b' }],
    ['TTL', 'value', { 'KV-TTL': '60' }],
    ['condition', 'value', { 'If-None-Match': '*' }],
  ];
  for (const [what, value, headers] of different) {
    test(`with another ${what}`, async () => {
      const key = store.key(`conflict/${what}`);
      const version = versionOf(await store.put(key, 'value', once('c')));
      assertProblem(await store.put(key, value, once('c', headers)), 'idempotency-conflict', 422);
      equal(versionOf(await store.getLatest(key)), version);
    });
  }

  test('as a delete', async () => {
    const key = store.key('conflict/delete');
    await store.put(key, 'value', once('c'));
    assertProblem(await store.delete(key, once('c')), 'idempotency-conflict', 422);
    equal((await store.getLatest(key)).text, 'value');
  });

  test('at once, without being waited for, when the log already shows the first', async () => {
    const key = store.key('conflict/at-once');
    await store.put(key, 'value', once('c'));
    const answer = await store.put(key, 'other', { headers: { 'Idempotency-Key': 'c' } });
    assertProblem(answer, 'idempotency-conflict', 422);
  });

  test('exactly as often as attempts differ from the first, when they come at the same time', async () => {
    const key = store.key('conflict/parallel');
    const values = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await Promise.all(values.map((value) => store.put(key, value, once('race'))));
    equal(answers.filter((answer) => answer.status === 201).length, 1);
    equal(answers.filter((answer) => answer.status === 422).length, values.length - 1);
    const winner = values[answers.findIndex((answer) => answer.status === 201)];
    equal((await store.getLatest(key)).text, winner);
  });
});

describe('an Idempotency-Key', () => {
  test('is scoped to the key it was used on', async () => {
    const [one, two] = [store.key('scope/one'), store.key('scope/two')];
    equal((await store.put(one, '1', once('shared'))).status, 201);
    equal((await store.put(two, '2', once('shared'))).status, 201);
    equal((await store.get(two)).text, '2');
  });

  test('tells upper from lower case', async () => {
    const key = store.key('case');
    await store.put(key, 'one', once('Case'));
    equal((await store.put(key, 'two', once('case'))).status, 204);
  });

  for (const good of ['x', '~', 'a'.repeat(255), `"${'b'.repeat(255)}"`, '550e8400-e29b-41d4-a716-446655440000']) {
    test(`of ${good.length} characters is taken: ${good.slice(0, 40)}`, async () => {
      const key = store.key('good');
      const answer = await store.put(key, 'x', once(good));
      ok(answer.status === 201 || answer.status === 204, answer.describe());
    });
  }

  const bad = ['', '""', 'a'.repeat(256), `"${'a'.repeat(256)}"`, 'with space', '"with space"', 'tab\there', 'caf\xe9'];
  for (const value of bad) {
    test(`of ${value.length} characters is refused with 400: ${JSON.stringify(value.slice(0, 40))}`, async () => {
      const key = store.key('bad');
      assertProblem(await store.put(key, 'x', once(value)), 'invalid-header', 400);
      assertProblem(await store.delete(key, once(value)), 'invalid-header', 400);
      equal((await store.getLatest(key)).status, 404);
    });
  }

  test('sent twice is refused with 400', async () => {
    const headers = { 'Idempotency-Key': ['one', 'two'] };
    assertProblem(await store.put(store.key('bad'), 'x', { wait: 10, headers }), 'invalid-header', 400);
  });
});
