import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CleanupResult, EntryCache, EntryStore } from '@stratakv/core';
import { eventually, MemoryStore } from '@stratakv/core/testing';
import { createLogger, createMetrics } from '@stratakv/service-kit';
import { CacheUpdates } from '../src/cache-updates.ts';
import { defaultConsumerSettings } from '../src/consumer-settings.ts';
import { Maintenance } from '../src/maintenance.ts';
import { ConsumerMetrics } from '../src/metrics.ts';
import { PartitionSession } from '../src/partition-session.ts';

const settings = { ...defaultConsumerSettings, cleanLimit: 10 };

function sessionOf(partition: number): PartitionSession {
  const session = new PartitionSession({
    partition,
    lease: () => undefined,
    leaseMarginMs: 0,
    window: 1,
    admit: () => undefined,
    onLeft: () => {},
  });
  session.raised({ partition, token: 1, raisesSinceCommit: 1 });
  return session;
}

/** Maintenance of some partitions, the operations left to remove in each, and what it did. */
function given(partitions: readonly number[], rows: number, hasWork: boolean) {
  const steps: number[] = [];
  const pauses: number[] = [];
  const left = new Map(partitions.map((partition) => [partition, rows]));
  // Pauses take no time: only how long they are asked to be counts.
  const clock = {
    now: Date.now,
    sleep: async (ms: number) => {
      pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const store: EntryStore = new MemoryStore({ clock, partitionCount: 16 });
  store.pruneOperations = async ({ partition }, limit): Promise<CleanupResult> => {
    const before = left.get(partition) ?? 0;
    left.set(partition, Math.max(0, before - limit));
    if (before > 0) steps.push(partition);
    return { removed: Math.min(before, limit), keys: [] };
  };
  const metrics = new ConsumerMetrics(createMetrics({ service: 'test' }));
  const sessions = partitions.map(sessionOf);
  const cache = new CacheUpdates({ cache: {} as EntryCache, metrics, retryMs: 0 });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const wake = () => setImmediate(() => maintenance.isDue && void maintenance.step());
  const intake = { sessions, hasWork, wake };
  const maintenance = new Maintenance({ store, cache, intake, clock, logger, metrics, settings });
  const cleaned = () => eventually('all is removed', () => [...left.values()].every((count) => count === 0));
  return { maintenance, steps, pauses, cleaned };
}

test('a long backlog is removed without a pause while nothing is to be applied', async () => {
  const { maintenance, pauses, cleaned } = given([1], 10_000, false);
  await cleaned();
  await maintenance.close();
  // Before the round, after the two steps that found nothing, and what follows the last one.
  const { cleanEveryMs, cleanPauseMs } = settings;
  assert.deepEqual(pauses.slice(0, 4), [cleanEveryMs, cleanPauseMs, cleanPauseMs, cleanEveryMs]);
});

test('while there is something to apply, a pause follows each step, as long as the step', async () => {
  const { maintenance, pauses, cleaned } = given([1], 1_000, true);
  await cleaned();
  await maintenance.close();
  const busy = pauses.slice(3, 103);
  assert.equal(busy.length, 100);
  assert.ok(
    busy.every((ms) => ms >= 5 && ms < settings.cleanPauseMs),
    busy.join(' '),
  );
});

test('partitions take turns', async () => {
  const { maintenance, steps, cleaned } = given([1, 2], 50, false);
  await cleaned();
  await maintenance.close();
  assert.deepEqual(steps, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
});

test('rounds that find nothing cost one step of each kind', async () => {
  const { maintenance, pauses } = given([1], 0, false);
  await eventually('two rounds', () => pauses.length >= 6);
  await maintenance.close();
  const { cleanEveryMs: round, cleanPauseMs: step } = settings;
  assert.deepEqual(pauses.slice(0, 6), [round, step, step, round, step, step]);
});
