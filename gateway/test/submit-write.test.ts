import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InProcessOutcomeFeed, systemClock } from '@stratakv/adapter-in-process';
import { OperationIds, type OperationRecord, parseKey, type QueuedOperation } from '@stratakv/core';
import { OutcomeWaiters } from '../src/outcome-waiters.ts';
import { submitWrite } from '../src/submit-write.ts';
import { WritePublisher } from '../src/write-publisher.ts';

const key = parseKey('cities/lisbon');
const write = {
  action: 'delete',
  key,
  condition: undefined,
  idempotency: undefined,
  traceId: undefined,
} as const;

/** A gateway whose notices never come: what it learns, it learns from the log. */
async function deafGateway(settleAfterMs: number, lookUpMs = 0) {
  const published: QueuedOperation[] = [];
  const publish = async (_partition: number, operations: readonly QueuedOperation[]) =>
    void published.push(...operations);
  const bounds = { maxMessageOperations: 64, maxMessageBytes: 1024, maxBytesUnderWay: 4096 };
  const limits = { confirmTimeoutMs: 1000, holdMs: 100, ...bounds };
  const startedAt = Date.now();
  let looks = 0;
  const deps = {
    publisher: new WritePublisher({ publish }, limits, () => {}),
    waiters: await OutcomeWaiters.listen(new InProcessOutcomeFeed()),
    storage: {
      fingerprint: async () => undefined,
      operations: async () => {
        looks += 1;
        await systemClock.sleep(lookUpMs);
        const [operation] = published;
        if (operation === undefined || Date.now() - startedAt < settleAfterMs) return [undefined];
        const outcome = { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined } as const;
        return [{ id: operation.id, action: 'delete', key, outcome, settledAt: 0 } satisfies OperationRecord];
      },
    },
    ids: new OperationIds([new Uint8Array(32)]),
    partitionCount: 16,
    clock: systemClock,
    notBefore: () => 0,
  };
  return { deps, looks: () => looks };
}

test('a waiting write whose notice got lost finds its outcome in the log, well before it gives up', async () => {
  const { deps, looks } = await deafGateway(300);
  const startedAt = performance.now();
  const { record } = await submitWrite(deps, write, 30_000, () => {});
  assert.equal(record?.outcome.status, 'applied');
  assert.ok(performance.now() - startedAt < 10_000);
  assert.ok(looks() < 10, 'it asks seldom');
});

test('one whose notice comes does not look into the log', async () => {
  const { deps, looks } = await deafGateway(60_000);
  const feed = new InProcessOutcomeFeed();
  const waiters = await OutcomeWaiters.listen(feed);
  const outcome = { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined } as const;
  const publish = async (_partition: number, [operation]: readonly QueuedOperation[]) => {
    assert.ok(operation?.replyTo !== undefined);
    const record: OperationRecord = { id: operation.id, action: 'delete', key, outcome, settledAt: 0 };
    void feed.notify([{ replyTo: operation.replyTo, record }]);
  };
  const limits = { confirmTimeoutMs: 1000, holdMs: 100, maxMessageOperations: 64, maxMessageBytes: 1024 };
  const publisher = new WritePublisher({ publish }, { ...limits, maxBytesUnderWay: 4096 }, () => {});
  const { record } = await submitWrite({ ...deps, waiters, publisher }, write, 30_000, () => {});
  assert.equal(record?.outcome.status, 'applied');
  assert.equal(looks(), 0);
});

test('one that has no outcome in time is asked about once more at the end', async () => {
  const { deps, looks } = await deafGateway(60_000);
  assert.equal((await submitWrite(deps, write, 100, () => {})).record, undefined);
  assert.equal(looks(), 1);
});

test('a log that hangs does not keep a write longer than it waits, but for the last look', async () => {
  const { deps } = await deafGateway(60_000, 400);
  const startedAt = performance.now();
  assert.equal((await submitWrite(deps, write, 300, () => {})).record, undefined);
  assert.ok(performance.now() - startedAt < 5_000);
});

test('a gateway that stops tells at once that a waiting write is queued', async () => {
  const { deps } = await deafGateway(60_000);
  const startedAt = performance.now();
  const submitted = submitWrite(deps, write, 30_000, () => deps.waiters.close());
  assert.equal((await submitted).record, undefined);
  // One that comes in the last moment does not wait either.
  assert.equal((await submitWrite(deps, write, 30_000, () => {})).record, undefined);
  assert.ok(performance.now() - startedAt < 5_000);
});

test('with a database that hangs, a write with an Idempotency-Key is queued all the same', async () => {
  const { deps } = await deafGateway(60_000);
  const storage = { ...deps.storage, fingerprint: () => new Promise<never>(() => {}) };
  const startedAt = performance.now();
  const idempotency = { identity: 'i', fingerprint: 'f' };
  await submitWrite({ ...deps, storage }, { ...write, idempotency }, 0, () => {});
  assert.ok(performance.now() - startedAt < 2_000);
});
