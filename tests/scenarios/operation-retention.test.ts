import { equal, notEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { receiptOf, type Store, useStore, versionOf } from '../framework/store.ts';
import { leaveOut, usesRunningStore } from '../framework/target.ts';

/** Seconds the log of the store in this file remembers an operation. */
const retention = '2';

if (usesRunningStore) leaveOut('operations older than the log', 'the store needs a short KV_OPERATION_RETENTION');
else outliveTheLog(await useStore({ KV_OPERATION_RETENTION: retention }));

function outliveTheLog(store: Store): void {
  const key = store.key('old');
  const headers = { 'Idempotency-Key': 'once' };
  let id = '';
  let version = 0;

  test('an operation is there at first', async () => {
    id = receiptOf(await store.put(key, 'value', { headers })).id;
    const receipt = await store.settled(id);
    equal(receipt.status, 'applied');
    version = receipt.version ?? 0;
  });

  describe('an operation older than the log', () => {
    test('is 410 operation-gone', async () => {
      const read = () => store.request('GET', `/operations/${id}`);
      await eventually(async () => assertProblem(await read(), 'operation-gone', 410), 15_000, 200);
      equal((await store.request('HEAD', `/operations/${id}`)).status, 410);
      const waiting = await store.request('GET', `/operations/${id}`, { headers: { Prefer: 'wait=10' } });
      assertProblem(waiting, 'operation-gone', 410);
    });

    test('has left its entry alone', async () => {
      equal((await store.getLatest(key)).text, 'value');
      equal(versionOf(await store.get(key)), version);
    });

    test('is settled for a Sync-Token', async () => {
      equal((await store.get(key, { 'Sync-Token': id })).text, 'value');
    });

    test('no longer holds its Idempotency-Key, which lives as long as the log', async () => {
      const put = () => store.put(key, 'another', { wait: 10, headers });
      // Old rows go in small steps in the background, so the identity may be free a little after the id is gone.
      const answer = await eventually(async () => {
        const attempt = await put();
        equal(attempt.status, 204, attempt.describe());
        return attempt;
      });
      notEqual(versionOf(answer), version);
    });
  });
}
