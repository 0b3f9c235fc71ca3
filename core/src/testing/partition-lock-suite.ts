import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PartitionLease, PartitionLock } from '../ports/partition-lock.ts';
import { eventually } from './eventually.ts';

/** A lock service of its own for one test, with nothing held and nobody alive. */
export interface LockHarness {
  /** The lock of one consumer; those of one harness exclude one another. */
  connect(): Promise<PartitionLock>;
  /** Moves the clock of all of them by `ms` milliseconds. Left out where it cannot be moved: then the cases wait. */
  advance?(ms: number): Promise<void>;
  /** Ends every lock and removes what the test left. */
  close(): Promise<void>;
}

export interface LockSettings {
  /** How long a lease holds, milliseconds. */
  readonly termMs: number;
  /** How long a consumer counts as alive, milliseconds. */
  readonly aliveMs: number;
}

export type CreateLock = (settings: LockSettings) => Promise<LockHarness>;

/** Long enough for rounds over all partitions on a machine with much to do. */
const settings: LockSettings = { termMs: 1_500, aliveMs: 1_500 };

interface LockCase extends LockHarness {
  pass(ms: number): Promise<void>;
}

function held(lease: PartitionLease | undefined): PartitionLease {
  assert.ok(lease, 'the lease was not given');
  return lease;
}

/** Registers the tests that every PartitionLock passes. */
export function partitionLockSuite(name: string, create: CreateLock): void {
  const lockTest = (title: string, body: (given: LockCase) => Promise<void>) =>
    test(title, async () => {
      const harness = await create(settings);
      const { connect, close } = harness;
      const pass = (ms: number) => harness.advance?.(ms) ?? delay(ms);
      try {
        await body({ connect, close, pass });
      } finally {
        await harness.close();
      }
    });

  describe(`${name} as PartitionLock`, () => {
    lockTest('a partition is leased to one consumer', async ({ connect }) => {
      const [mine, other] = [await connect(), await connect()];
      const lease = held(await mine.acquire(3));
      assert.equal(lease.partition, 3);
      assert.ok(lease.remainingMs() > 0 && lease.remainingMs() <= settings.termMs);
      assert.equal(await other.acquire(3), undefined);
      assert.equal(held(await other.acquire(4)).partition, 4);
      assert.equal(await mine.acquire(4), undefined);
    });

    lockTest('of many who try at once at most one gets it', async ({ connect }) => {
      const locks = await Promise.all(Array.from({ length: 8 }, () => connect()));
      const leases = await Promise.all(locks.map((lock) => lock.acquire(0)));
      // A vote may go to nobody; it must not go to two.
      assert.ok(leases.filter((lease) => lease !== undefined).length <= 1);
    });

    lockTest('a lease runs down, and is lost when it is not renewed', async ({ connect, pass }) => {
      const [mine, other] = [await connect(), await connect()];
      const lease = held(await mine.acquire(1));
      const atFirst = lease.remainingMs();
      await pass(100);
      assert.ok(lease.remainingMs() <= atFirst - 90);
      await pass(settings.termMs);
      assert.ok(lease.remainingMs() <= 0);
      const taken = held(await eventually('the other gets it', () => other.acquire(1)));
      assert.equal(await lease.renew(), false);
      assert.ok(lease.remainingMs() <= 0);
      assert.ok(taken.remainingMs() > 0);
    });

    lockTest('a lease that is renewed holds for another full term', async ({ connect, pass }) => {
      const [mine, other] = [await connect(), await connect()];
      const lease = held(await mine.acquire(2));
      for (let round = 0; round < 4; round += 1) {
        await pass(settings.termMs / 2);
        assert.equal(await lease.renew(), true);
        assert.ok(lease.remainingMs() > settings.termMs / 2);
        assert.equal(await other.acquire(2), undefined);
      }
    });

    lockTest('a released lease is free at once, and lost to who had it', async ({ connect }) => {
      const [mine, other] = [await connect(), await connect()];
      const lease = held(await mine.acquire(5));
      await lease.release();
      assert.ok(lease.remainingMs() <= 0);
      const taken = held(await eventually('the other gets it', () => other.acquire(5)));
      // Releasing or renewing what another has by now changes nothing for it.
      await lease.release();
      assert.equal(await lease.renew(), false);
      assert.equal(await mine.acquire(5), undefined);
      assert.equal(await taken.renew(), true);
    });

    lockTest('the consumers that announce themselves are counted', async ({ connect, pass }) => {
      const [one, two, three] = [await connect(), await connect(), await connect()];
      assert.equal(await one.announce('one'), 1);
      assert.equal(await two.announce('two'), 2);
      assert.equal(await three.announce('three'), 3);
      assert.equal(await one.announce('one'), 3);
      await pass(settings.aliveMs * 0.6);
      assert.equal(await one.announce('one'), 3);
      await two.announce('two');
      await pass(settings.aliveMs * 0.6);
      // The third has been silent for too long.
      assert.equal(await one.announce('one'), 2);
      assert.equal(await three.announce('three'), 3);
    });

    lockTest('a consumer that leaves gives back what it held', async ({ connect }) => {
      const [leaving, staying] = [await connect(), await connect()];
      held(await leaving.acquire(6));
      await leaving.announce('leaving');
      await leaving.close();
      held(await eventually('the lease is free', () => staying.acquire(6)));
      await eventually('one is alive', async () => (await staying.announce('staying')) === 1);
    });

    lockTest('consumers that keep to their fair share end up with one each', async ({ connect, pass }) => {
      const partitions = 16;
      const locks = await Promise.all([connect(), connect(), connect()]);
      const leases = locks.map((): PartitionLease[] => []);
      for (let round = 0; round < 6; round += 1) {
        for (const [index, lock] of locks.entries()) {
          const mine = leases[index] ?? [];
          const share = Math.ceil(partitions / (await lock.announce(`consumer ${index}`)));
          for (const lease of mine) assert.equal(await lease.renew(), true);
          for (const lease of mine.splice(share)) await lease.release();
          for (let partition = 0; partition < partitions && mine.length < share; partition += 1) {
            const lease = await lock.acquire(partition);
            if (lease !== undefined) mine.push(lease);
          }
        }
        await pass(50);
      }
      assert.equal(new Set(leases.flat().map(({ partition }) => partition)).size, partitions);
      assert.equal(leases.flat().length, partitions);
      assert.ok(leases.every((mine) => mine.length >= 4 && mine.length <= 6));
    });

    lockTest('a healthy lock service says so', async ({ connect }) => {
      await (await connect()).check();
    });
  });
}
