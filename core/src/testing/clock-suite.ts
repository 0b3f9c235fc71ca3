import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

export interface ClockHarness {
  readonly clock: Clock;
  /** Moves the clock by `ms` milliseconds. Left out where it moves by itself: then the cases wait. */
  advance?(ms: number): Promise<void>;
}

// Timers count whole milliseconds from another start than the clock.
const roundingMs = 2;

/** Registers the tests that every Clock passes. */
export function clockSuite(name: string, create: () => ClockHarness): void {
  describe(`${name} as Clock`, () => {
    const given = () => {
      const harness = create();
      const isOver = (sleep: Promise<void>) => Promise.race([sleep.then(() => true), delay(5).then(() => false)]);
      return { clock: harness.clock, pass: (ms: number) => harness.advance?.(ms) ?? delay(ms), isOver };
    };

    test('now is in milliseconds since 1970, and moves', async () => {
      const { clock, pass } = given();
      const start = clock.now();
      assert.ok(start > Date.UTC(2020, 0, 1) && start < Date.UTC(2200, 0, 1));
      await pass(50);
      assert.ok(clock.now() >= start + 50 - roundingMs);
    });

    test('a sleep ends when its time is up, not before', async () => {
      const { clock, pass, isOver } = given();
      const start = clock.now();
      const [short, long] = [clock.sleep(40), clock.sleep(200)];
      assert.equal(await isOver(short), false);
      await pass(60);
      await short;
      assert.ok(clock.now() >= start + 40 - roundingMs);
      assert.equal(await isOver(long), false);
      await pass(160);
      await long;
      assert.ok(clock.now() >= start + 200 - roundingMs);
    });

    test('a sleep of no time ends at once', async () => {
      const { clock } = given();
      await Promise.all([clock.sleep(0), clock.sleep(-5)]);
    });

    test('an aborted sleep ends at once, without an error and without a trace', async () => {
      const { clock } = given();
      const controller = new AbortController();
      const sleep = clock.sleep(60_000, controller.signal);
      controller.abort();
      await sleep;
      await clock.sleep(60_000, controller.signal);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    test('sleeps that end leave nothing on a signal that lives on', async () => {
      const { clock, pass } = given();
      const { signal } = new AbortController();
      const sleeps = [clock.sleep(5, signal), clock.sleep(10, signal)];
      await pass(20);
      await Promise.all(sleeps);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    test('a sleep of months does not end at once', async () => {
      const { clock, isOver } = given();
      const controller = new AbortController();
      const sleep = clock.sleep(100 * 24 * 3600 * 1000, controller.signal);
      assert.equal(await isOver(sleep), false);
      controller.abort();
      await sleep;
    });
  });
}
