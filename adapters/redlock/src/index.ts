export { connectRedlock, type RedlockOptions } from './connect-redlock.ts';
export type { RedlockPartitionLock } from './partition-lock.ts';
