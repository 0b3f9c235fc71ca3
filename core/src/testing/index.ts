export * from './clock-suite.ts';
export {
  type CacheHarness,
  type CacheSettings,
  type CreateCache,
  entryCacheSuite,
  entryOf,
} from './entry-cache-suite.ts';
export {
  type CreateStore,
  entryStoreSuite,
  type StoreAbilities,
  type StoreHarness,
  type StoreSettings,
} from './entry-store-suite.ts';
export * from './eventually.ts';
export * from './faulty.ts';
export * from './inbox.ts';
export * from './manual-clock.ts';
export * from './memory-queue.ts';
export * from './memory-store.ts';
export * from './operation-queue-suite.ts';
export * from './outcome-feed-suite.ts';
export * from './partition-lock-suite.ts';
export * from './sample-operations.ts';
export * from './sole-consumer.ts';
