import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Receipt } from '../framework/documents.ts';
import { inParallel } from '../framework/eventually.ts';
import { receiptOf, useStore, versionOf } from '../framework/store.ts';
import { leaveOut } from '../framework/target.ts';

const store = await useStore();

if (!store.target.canRestart) leaveOut('restart and kill', 'the store at KV_TARGET_URL is not ours to restart');
else {
  survives('a clean restart', 'restart', () => store.restart());
  survives('SIGKILL', 'kill', () => store.kill());
}

interface Before {
  readonly version: number;
  readonly tombstone: number;
  readonly applied: Receipt;
  readonly rejected: Receipt;
  readonly next: string;
  readonly firstPage: readonly string[];
}

async function prepare(key: (name: string) => string): Promise<Before> {
  const headers = { 'Content-Type': 'text/plain', 'KV-Meta-Author': 'me', 'KV-TTL': '5000' };
  const version = await store.write(key('entry'), 'value', headers);
  await store.write(key('deleted'), 'value');
  const tombstone = (await store.settled(await store.delete(key('deleted')))).version ?? 0;
  const create = { 'If-None-Match': '*', 'Idempotency-Key': 'restart' };
  const rejected = await store.settled(await store.put(key('entry'), 'x', { headers: create }));
  const applied = await store.settled(await store.put(key('once'), 'once', { headers: { 'Idempotency-Key': 'a' } }));
  await inParallel(['0', '1', '2', '3', '4', '5'], 6, (name) => store.write(key(`list/${name}`), name));
  const page = await store.list(`?prefix=${encodeURIComponent(key('list/'))}&limit=3`);
  ok(page.next);
  return { version, tombstone, applied, rejected, next: page.next, firstPage: page.entries.map((entry) => entry.key) };
}

function survives(what: string, name: string, again: () => Promise<void>): void {
  const key = (rest: string) => store.key(`${name}/${rest}`);

  describe(`after ${what}`, () => {
    let was: Before;
    let unwaited: string[] = [];

    test('the store is back', async () => {
      was = await prepare(key);
      // Accepted and not waited for: a 202 means on disk, applied or not.
      const answers = await inParallel(
        Array.from({ length: 40 }, (_, n) => n),
        40,
        (n) => store.put(key(`unwaited/${n}`), `${n}`),
      );
      unwaited = answers.map((answer) => receiptOf(answer).id);
      await again();
      equal((await store.request('GET', '/readyz')).status, 200);
    });

    test('an entry is as it was, with version, type, meta and expiry', async () => {
      for (const answer of [await store.get(key('entry')), await store.getLatest(key('entry'))]) {
        equal(answer.text, 'value');
        equal(versionOf(answer), was.version);
        equal(answer.header('content-type'), 'text/plain');
        equal(answer.header('kv-meta-author'), 'me');
        ok(answer.header('kv-expires'));
      }
    });

    test('what was deleted stays deleted, and its versions go on growing', async () => {
      equal((await store.get(key('deleted'))).status, 404);
      ok((await store.write(key('deleted'), 'again')) > was.tombstone);
      ok((await store.write(key('entry'), 'newer')) > was.version);
    });

    test('every accepted write is applied', async () => {
      await inParallel([...unwaited.entries()], 16, async ([n, id]) => {
        equal((await store.settled(id)).status, 'applied');
        equal((await store.get(key(`unwaited/${n}`))).text, `${n}`);
      });
    });

    test('operations are as they were', async () => {
      deepEqual(withoutInstance(await store.settled(was.applied.id)), withoutInstance(was.applied));
      deepEqual(withoutInstance(await store.settled(was.rejected.id)), withoutInstance(was.rejected));
    });

    test('a cursor goes on where it stood', async () => {
      const page = await store.list(was.next);
      deepEqual(
        [...was.firstPage, ...page.entries.map((entry) => entry.key)],
        ['0', '1', '2', '3', '4', '5'].map((rest) => key(`list/${rest}`)),
      );
    });

    test('a Sync-Token is still one of ours', async () => {
      equal((await store.get(key('once'), { 'Sync-Token': was.applied.id })).text, 'once');
    });

    test('an Idempotency-Key is still remembered', async () => {
      const headers = { 'Idempotency-Key': 'a' };
      equal(versionOf(await store.put(key('once'), 'once', { wait: 10, headers })), was.applied.version);
      equal((await store.put(key('once'), 'other', { wait: 10, headers })).status, 422);
    });
  });
}

// The problem inside a receipt may name the request it was asked with.
function withoutInstance(receipt: Receipt): unknown {
  const { problem, ...rest } = receipt;
  return problem === undefined ? rest : { ...rest, problem: { ...problem, instance: undefined } };
}
