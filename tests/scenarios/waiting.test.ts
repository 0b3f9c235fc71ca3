import { equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../framework/answer.ts';
import { kvPath, receiptOf, useStore, versionOf } from '../framework/store.ts';

const store = await useStore();

/** The operation a waited answer names. */
function monitorOf(answer: Answer): string {
  const link = /^<(\/operations\/[^>]+)>; *rel="?monitor"?$/.exec(answer.header('link') ?? '')?.[1];
  ok(link, `Link: ${answer.header('link')}`);
  return link;
}

function assertWaited(answer: Answer, seconds: number): void {
  equal(answer.header('preference-applied'), `wait=${seconds}`);
  const monitor = monitorOf(answer);
  equal(answer.header('sync-token'), monitor.replace('/operations/', ''));
}

describe('a write with Prefer: wait', () => {
  test('that creates is 201 with the place of the entry, its ETag and its operation', async () => {
    const key = store.key('created here');
    const answer = await store.put(key, 'value', { wait: 10 });
    equal(answer.status, 201);
    equal(answer.header('location'), kvPath(key));
    assertWaited(answer, 10);
    equal(versionOf(answer), versionOf(await store.get(key)));
    const receipt = (await store.request('GET', monitorOf(answer))).json() as { status: string; created: boolean };
    equal(receipt.status, 'applied');
    equal(receipt.created, true);
  });

  test('that replaces is 204 with the new ETag', async () => {
    const key = store.key('replaced');
    const version = await store.write(key, 'old');
    const answer = await store.put(key, 'new', { wait: 10 });
    equal(answer.status, 204);
    assertWaited(answer, 10);
    ok(versionOf(answer) > version);
    equal(answer.header('location'), undefined);
  });

  test('that deletes is 204, also for an absent key', async () => {
    const key = store.key('deleted');
    await store.write(key, 'value');
    for (let n = 0; n < 2; n++) {
      const answer = await store.delete(key, { wait: 10 });
      equal(answer.status, 204);
      assertWaited(answer, 10);
    }
  });

  test('waits 60 s at most and echoes the cap', async () => {
    for (const wait of [60, 61, 3_600, 999_999_999, 99_999_999_999]) {
      assertWaited(await store.put(store.key('cap'), 'value', { wait }), 60);
    }
  });
});

describe('Prefer is understood as RFC 7240 writes it', () => {
  const honoured: readonly (readonly [what: string, prefer: string | readonly string[]])[] = [
    ['with other preferences', 'respond-async, wait=7'],
    ['with parameters', 'wait=7; foo=bar, handling=lenient'],
    ['in upper case', 'WAIT=7'],
    ['quoted', 'wait="7"'],
    ['with spaces around the equals sign', 'wait = 7'],
    ['in a second header', ['respond-async', 'wait=7']],
    ['twice: the first counts', 'wait=7, wait=9'],
  ];
  for (const [what, prefer] of honoured) {
    test(`${what}: ${JSON.stringify(prefer)}`, async () => {
      const answer = await store.put(store.key('honoured'), 'value', { headers: { Prefer: prefer } });
      ok(answer.status === 201 || answer.status === 204, answer.describe());
      assertWaited(answer, 7);
    });
  }

  const ignored = ['wait', 'wait=', 'wait=abc', 'wait=-1', 'wait=1.5', 'wait=5s', 'respond-async', '', ',,;', '="'];
  for (const prefer of ignored) {
    test(`'${prefer}' asks for nothing we do: plain 202`, async () => {
      const answer = await store.put(store.key('ignored'), 'value', { headers: { Prefer: prefer } });
      equal(answer.status, 202);
      equal(answer.header('preference-applied'), undefined);
    });
  }
});

describe('a write that nobody waits for', () => {
  for (const action of ['put', 'delete'] as const) {
    test(`is answered with 202, its operation and its receipt: ${action}`, async () => {
      const key = store.key('queued é');
      const before = Date.now();
      const answer = action === 'put' ? await store.put(key, 'value') : await store.delete(key);
      const receipt = receiptOf(answer);
      equal(answer.mediaType, 'application/json');
      equal(answer.header('location'), `/operations/${receipt.id}`);
      equal(answer.header('sync-token'), receipt.id);
      equal(answer.header('etag'), undefined);
      equal(receipt.status, 'queued');
      equal(receipt.action, action);
      equal(receipt.key, key);
      equal(receipt.links.self, `/operations/${receipt.id}`);
      equal(receipt.links.entry, kvPath(key));
      equal(receipt.version, undefined);
      equal(receipt.settledAt, undefined);
      match(receipt.acceptedAt ?? '', /Z$/);
      ok(Math.abs(Date.parse(receipt.acceptedAt ?? '') - before) < 5_000, receipt.acceptedAt);
    });
  }

  test('has an operation of its own every time', async () => {
    const key = store.key('own');
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.put(key, 'value')));
    equal(new Set(answers.map((answer) => receiptOf(answer).id)).size, 50);
  });
});
