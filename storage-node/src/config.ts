import { byteSize, cacheSettings, integer, logSettings, text } from '@stratakv/service-kit';

/** Settings of a storage node as a process of its own. Those named as in `StorageSettings` can be passed on as they are. */
export const storageNodeSettings = {
  port: integer({
    name: 'KV_STORAGE_PORT',
    about: 'Port a storage node listens on; 0 takes a free one.',
    default: 8081,
    min: 0,
    max: 65_535,
    example: '8081',
  }),
  bind: text({
    name: 'KV_STORAGE_BIND',
    about: 'Address a storage node listens on. Only gateways may reach it.',
    default: '127.0.0.1',
    example: '0.0.0.0',
  }),
  freshMs: cacheSettings.freshMs,
  maxBatchKeys: integer({
    name: 'KV_STORAGE_BATCH_KEYS',
    about: 'Keys in one read of the database.',
    default: 128,
    min: 1,
    max: 1000,
    example: '128',
  }),
  maxBatchBytes: byteSize({
    name: 'KV_STORAGE_BATCH_BYTES',
    about: 'About how many bytes one read of the database may bring.',
    default: '8MiB',
    min: 64 * 1024,
    max: 256 * 1024 * 1024,
    example: '8MiB',
  }),
  maxBatchesInFlight: integer({
    name: 'KV_STORAGE_BATCHES_IN_FLIGHT',
    about: 'Reads of the database that run at the same time.',
    default: 4,
    min: 1,
    max: 64,
    example: '4',
  }),
  maxWaitingReads: integer({
    name: 'KV_STORAGE_MAX_WAITING',
    about: 'Reads that may wait for the database; more are answered 503.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    example: '10000',
  }),
  maxBypassReads: integer({
    name: 'KV_STORAGE_MAX_BYPASS',
    about: 'Reads that may go round a cache that is down at the same time; more are answered 503.',
    default: 2_000,
    min: 1,
    max: 1_000_000,
    example: '2000',
  }),
  ...logSettings,
};
