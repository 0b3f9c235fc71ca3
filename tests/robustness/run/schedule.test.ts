import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../faults/fault.ts';
import type { Site } from '../sites/site.ts';
import { runFaults, timesOf } from './schedule.ts';

/** No fault of these tests touches it. */
const site = {} as Site;

function fault(name: string, happen: () => Promise<unknown> = () => sleep(2)): Fault {
  return {
    name,
    mayStaleCache: false,
    mayFailDatabase: true,
    run: async (_site, onBegun) => {
      onBegun();
      await happen();
    },
  };
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const short = { headMs: 20, faultsMs: 300, tailMs: 20, pauseMs: 4 };

test('a seed decides the order, and each fault comes as often as the others', async () => {
  const faults = names.map((name) => fault(name));
  const orders = await Promise.all([1, 1, 2].map(async (seed) => (await runFaults(site, faults, seed, short)).planned));
  const [one, same, other] = orders.map((planned) => planned.slice(0, 12));
  equal(one?.length, 12);
  deepEqual(one, same);
  notDeepEqual(one, other);
  deepEqual(one?.slice(0, 6).toSorted(), names);
  deepEqual(one?.slice(6).toSorted(), names);
});

test('faults have time before and after them, and their windows are what they lasted', async () => {
  const startedAt = performance.now();
  const { planned, happened } = await runFaults(site, [fault('slow', () => sleep(40))], 1, short);
  const endedAt = performance.now();
  equal(happened.length, planned.length);
  ok(happened.length > 1);
  for (const { from, to, mayStaleCache, mayFailDatabase } of happened) {
    ok(to - from >= 39);
    ok(from >= startedAt + short.headMs - 1 && to <= endedAt - short.tailMs + 1);
    deepEqual([mayStaleCache, mayFailDatabase], [false, true]);
  }
});

test('a fault that did not happen is planned, is said, and is the last', async () => {
  const failing = fault('broken', () => Promise.reject(new Error('nobody was hit')));
  const { planned, happened, failures } = await runFaults(site, [failing], 1, short);
  deepEqual(planned, ['broken']);
  deepEqual(happened, []);
  deepEqual(failures, ['broken: nobody was hit']);
});

test('a run without faults lasts as long as one with', async () => {
  const startedAt = performance.now();
  deepEqual(await runFaults(site, [], 1, timesOf(0.3)), { planned: [], happened: [], failures: [] });
  ok(performance.now() - startedAt >= 295);
});
