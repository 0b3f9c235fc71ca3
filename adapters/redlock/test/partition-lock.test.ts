import { after, before } from 'node:test';
import { partitionLockSuite } from '@stratakv/core/testing';
import { LockServers } from './lock-servers.ts';

let servers: LockServers;
before(async () => {
  servers = await LockServers.start();
});
after(() => servers.close());

partitionLockSuite('RedlockPartitionLock', async (settings) => ({
  connect: () => servers.connect(settings),
  close: () => servers.reset(),
}));
