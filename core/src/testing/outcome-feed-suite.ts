import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { OperationRecord, Outcome } from '../outcome.ts';
import type { OutcomeFeed } from '../ports/outcome-feed.ts';
import { eventually } from './eventually.ts';
import { newId, putOf } from './sample-operations.ts';

/** A medium of its own for one test. */
export interface FeedHarness {
  /** A feed of one process; those of one harness reach one another. */
  connect(): Promise<OutcomeFeed>;
  /** Ends every feed and removes what the test left. */
  close(): Promise<void>;
}

export type CreateFeed = () => Promise<FeedHarness>;

const outcomes: readonly Outcome[] = [
  { status: 'applied', version: 1_763_702_400_000_000, isCreated: true, expiresAt: 1_763_702_460_000 },
  { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined },
  { status: 'rejected', code: 'version-mismatch', currentVersion: 1_763_702_400_000_001 },
  { status: 'rejected', code: 'idempotency-conflict', currentVersion: undefined },
  { status: 'failed', code: 'not-accepted' },
];

function recordOf(outcome: Outcome, key = 'cities/lisbon'): OperationRecord {
  const isSettled = outcome.status === 'failed';
  const put = putOf(key, '');
  return {
    id: put.id,
    action: isSettled ? undefined : 'put',
    key: isSettled ? undefined : put.key,
    outcome,
    settledAt: 1_763_702_400_000,
  };
}

const records = (count: number) =>
  Array.from({ length: count }, (_, index) => recordOf({ status: 'failed', code: 'not-accepted' }, `k${index}`));

/** Registers the tests that every OutcomeFeed passes. */
export function outcomeFeedSuite(name: string, create: CreateFeed): void {
  const feedTest = (title: string, body: (harness: FeedHarness) => Promise<void>) =>
    test(title, async () => {
      const harness = await create();
      try {
        await body(harness);
      } finally {
        await harness.close();
      }
    });

  async function listener(feed: OutcomeFeed) {
    const got: OperationRecord[] = [];
    const address = await feed.listen((record) => void got.push(record));
    return { address, got, hears: (count: number) => eventually('the notices come', () => got.length >= count) };
  }

  describe(`${name} as OutcomeFeed`, () => {
    feedTest('records come as they were sent, in order', async ({ connect }) => {
      const gateway = await listener(await connect());
      const sent = outcomes.map((outcome) => recordOf(outcome));
      await (await connect()).notify(sent.map((record) => ({ replyTo: gateway.address, record })));
      await gateway.hears(sent.length);
      assert.deepEqual(gateway.got, sent);
    });

    feedTest('a feed hears itself', async ({ connect }) => {
      const feed = await connect();
      const mine = await listener(feed);
      const [record] = records(1);
      assert.ok(record);
      await feed.notify([{ replyTo: mine.address, record }]);
      await mine.hears(1);
      assert.deepEqual(mine.got, [record]);
    });

    feedTest('each listener has its own address and hears nothing else', async ({ connect }) => {
      const [one, two, consumer] = [await connect(), await connect(), await connect()];
      const listeners = [await listener(one), await listener(one), await listener(two)];
      assert.equal(new Set(listeners.map(({ address }) => address)).size, listeners.length);
      const sent = records(30);
      await consumer.notify(sent.map((record, index) => ({ replyTo: listeners[index % 3]?.address ?? '', record })));
      for (const { hears } of listeners) await hears(10);
      await delay(50);
      for (const [index, { got }] of listeners.entries()) {
        assert.deepEqual(
          got,
          sent.filter((_, at) => at % 3 === index),
        );
      }
    });

    feedTest('1,000 notices at once all come', async ({ connect }) => {
      const gateway = await listener(await connect());
      const sent = records(1000);
      await (await connect()).notify(sent.map((record) => ({ replyTo: gateway.address, record })));
      await gateway.hears(sent.length);
      assert.deepEqual(gateway.got, sent);
    });

    feedTest('a receiver that is gone or never was is no error, and holds nobody up', async ({ connect }) => {
      const [leaving, staying, consumer] = [await connect(), await connect(), await connect()];
      const [gone, there] = [await listener(leaving), await listener(staying)];
      await leaving.close();
      const [record] = records(1);
      assert.ok(record);
      const notices = [gone.address, 'nobody', newId('x'), there.address].map((replyTo) => ({ replyTo, record }));
      await consumer.notify(notices);
      await consumer.notify([]);
      await there.hears(1);
      assert.deepEqual([gone.got, there.got], [[], [record]]);
    });
  });
}
