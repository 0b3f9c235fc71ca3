import { gatewaySettings } from '@stratakv/gateway';
import {
  byteSize,
  type Config,
  cacheSettings,
  filePath,
  installationSettings,
  integer,
  optional,
  text,
} from '@stratakv/service-kit';

/** Every setting of the embedded mode. */
export const embeddedSettings = {
  port: integer({
    name: 'KV_PORT',
    about: 'Port the store listens on. 0 takes a free one, which ./start.sh does not do.',
    default: 8080,
    min: 0,
    max: 65_535,
    example: '8080',
  }),
  bind: text({
    name: 'KV_BIND',
    about: 'Address the store listens on. There is no authentication yet: keep it local.',
    default: '127.0.0.1',
    example: '127.0.0.1',
  }),
  dataDir: filePath({
    name: 'KV_DATA_DIR',
    about: 'Folder of the data. It belongs to one process at a time.',
    default: './data',
    example: './data',
  }),
  ...gatewaySettings,
  cacheBytes: byteSize({
    name: 'KV_CACHE_BYTES',
    about: 'Memory for cached entries.',
    default: '64MiB',
    min: 1024 * 1024,
    example: '64MiB',
  }),
  pageCacheBytes: byteSize({
    name: 'KV_PAGE_CACHE_BYTES',
    about: 'Memory for pages of the database.',
    default: '64MiB',
    min: 1024 * 1024,
    example: '64MiB',
  }),
  cacheTtlMs: cacheSettings.freshMs,
  staleMaxMs: cacheSettings.staleMaxMs,
  maxQueueBytes: installationSettings.maxQueueBytes,
  maxDataBytes: optional(
    byteSize({
      name: 'KV_MAX_DATA_BYTES',
      about: 'Bound on the size of the database; puts beyond it are answered 507. Unset: the disk is the bound.',
      min: 4 * 1024 * 1024,
      example: '10GiB',
    }),
  ),
};

export type EmbeddedConfig = Config<typeof embeddedSettings>;
