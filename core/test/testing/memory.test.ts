import { defaultPartitionCount } from '../../src/index.ts';
import { entryStoreSuite, MemoryOperationQueue, MemoryStore, operationQueueSuite } from '../../src/testing/index.ts';

operationQueueSuite('MemoryOperationQueue', async () => {
  const queue = new MemoryOperationQueue();
  return { queue, reopen: () => queue.close().then(() => queue), close: () => queue.close() };
});

entryStoreSuite(
  'MemoryStore',
  async ({ retentionMs }) => {
    // Runs with the real clock, since the ids of operations are made by that, and can be moved against it.
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead, sleep: async () => {} };
    const store = new MemoryStore({ clock, partitionCount: defaultPartitionCount, retentionMs });
    return {
      store,
      reader: store,
      reopen: async () => ({ store, reader: store }),
      advance: async (ms) => {
        ahead += ms;
      },
      close: () => store.close(),
    };
  },
  { canSetClock: true },
);
