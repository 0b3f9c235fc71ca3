import { systemClock } from '@stratakv/adapter-in-process';
import { entryStoreSuite, operationQueueSuite } from '@stratakv/core/testing';
import { TestStore } from './store.ts';

operationQueueSuite('SqliteOperationQueue', async () => {
  const store = await TestStore.create(systemClock);
  return {
    queue: store.parts.queue,
    reopen: async () => (await store.open()).queue,
    close: () => store.close(),
  };
});

entryStoreSuite(
  'SqliteEntryStore',
  async ({ retentionMs }) => {
    // Runs with the real one, since the ids of operations are made by that, and can be moved against it.
    let ahead = 0;
    const clock = { ...systemClock, now: () => Date.now() + ahead };
    const test = await TestStore.create(clock, { retentionMs });
    const { store, reader } = test.parts;
    return {
      store,
      reader,
      reopen: () => test.open(),
      advance: async (ms) => {
        ahead += ms;
      },
      close: () => test.close(),
    };
  },
  { canSetClock: true },
);
