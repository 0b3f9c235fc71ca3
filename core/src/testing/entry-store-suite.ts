import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntryReader } from '../ports/entry-reader.ts';
import type { EntryStore } from '../ports/entry-store.ts';
import { entryReaderCases } from './entry-reader-suite.ts';
import { entryScanCases } from './entry-scan-suite.ts';
import { entryStoreApplyCases } from './entry-store-apply-suite.ts';
import { entryStoreCleanupCases, shortLogMs } from './entry-store-cleanup-suite.ts';
import { entryStoreFenceCases } from './entry-store-fence-suite.ts';
import { entryStoreIdentityCases } from './entry-store-identity-suite.ts';
import { SoleConsumer } from './sole-consumer.ts';

/** A database of its own for one test, empty, with the partitions of a new installation. */
export interface StoreHarness {
  readonly store: EntryStore;
  readonly reader: EntryReader;
  /** Dies without a goodbye, as far as that can be done, and opens the same database again. */
  reopen(): Promise<Pick<StoreHarness, 'store' | 'reader'>>;
  /**
   * Moves the database's clock by `ms` milliseconds, back when negative. Left out where the clock is the server's: then
   * the cases wait, and those that need a clock that jumps back are not registered.
   */
  advance?(ms: number): Promise<void>;
  /** Makes the database unreachable for store and reader, for good. Left out where nothing stands between. */
  cutOff?(): Promise<void>;
  /** Ends store and reader, whichever are open, and removes what the test left. */
  close(): Promise<void>;
}

export interface StoreSettings {
  /** How long the operations log goes back, milliseconds. */
  readonly retentionMs: number;
}

export type CreateStore = (settings: StoreSettings) => Promise<StoreHarness>;

/** What a case gets: the harness, and a consumer that holds all partitions it touches. */
export interface StoreCase extends StoreHarness {
  readonly consumer: SoleConsumer;
  /** Lets `ms` milliseconds pass for the database. */
  pass(ms: number): Promise<void>;
}

/** What a harness can do beyond the least. Cases that need more are not registered. */
export interface StoreAbilities {
  /** It has `cutOff`. */
  readonly canBeCutOff?: boolean;
  /** It has `advance`, which takes negative numbers too. */
  readonly canSetClock?: boolean;
}

export type StoreTest = (title: string, body: (given: StoreCase, t: TestContext) => Promise<void>) => void;

/** Registers the tests that every EntryStore passes together with the EntryReader of the same database. */
export function entryStoreSuite(name: string, create: CreateStore, abilities: StoreAbilities = {}): void {
  const withSettings =
    (settings: StoreSettings): StoreTest =>
    (title, body) => {
      test(title, async (t) => {
        const harness = await create(settings);
        const pass = (ms: number) => harness.advance?.(ms) ?? delay(ms);
        const { store, reader, reopen, close } = harness;
        const hooks = {
          ...(harness.advance && { advance: harness.advance }),
          ...(harness.cutOff && { cutOff: harness.cutOff }),
        };
        const consumer = new SoleConsumer(store);
        try {
          await body({ store, reader, reopen, close, ...hooks, consumer, pass }, t);
        } finally {
          await harness.close();
        }
      });
    };
  const week = withSettings({ retentionMs: 7 * 24 * 3600 * 1000 });
  describe(`${name} as EntryStore and EntryReader`, () => {
    describe('fences', () => entryStoreFenceCases(week));
    describe('apply', () => entryStoreApplyCases(week, abilities));
    describe('ids and identities', () => entryStoreIdentityCases(week));
    describe('clean-up', () => entryStoreCleanupCases(week, withSettings({ retentionMs: shortLogMs })));
    describe('reads', () => entryReaderCases(week, abilities));
    describe('lists', () => entryScanCases(week));
  });
}
