import { ManualClock, partitionLockSuite } from '@stratakv/core/testing';
import { InProcessPartitionLock, PartitionLockTable } from '../src/index.ts';

partitionLockSuite('InProcessPartitionLock', async (settings) => {
  const clock = new ManualClock();
  const shared = { ...settings, table: new PartitionLockTable(), monotonicMs: () => clock.now() };
  return {
    connect: async () => new InProcessPartitionLock(shared),
    advance: (ms) => clock.advance(ms),
    close: async () => {},
  };
});
