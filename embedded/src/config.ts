import { gatewaySettings } from '@stratakv/gateway';
import {
  byteSize,
  type Config,
  cacheSettings,
  installationSettings,
  optional,
  storeSettings,
} from '@stratakv/service-kit';

/** Every setting of the embedded mode. */
export const embeddedSettings = {
  ...storeSettings,
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
