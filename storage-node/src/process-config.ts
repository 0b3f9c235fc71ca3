import {
  cacheSettings,
  databaseSettings,
  duration,
  installationSettings,
  integer,
  redisSettings,
} from '@stratakv/service-kit';
import { storageNodeSettings } from './config.ts';

/** Settings of a storage node as a process of its own. */
export const storageNodeProcessSettings = {
  ...storageNodeSettings,
  staleMaxMs: cacheSettings.staleMaxMs,
  auditEveryMs: duration({
    name: 'KV_AUDIT_EVERY',
    about: 'How often some of what the cache holds is compared with the database.',
    default: '10s',
    unit: 'ms',
    min: 100,
    max: 3_600_000,
    example: '10s',
  }),
  auditKeys: integer({
    name: 'KV_AUDIT_KEYS',
    about: 'Keys compared each time.',
    default: 50,
    min: 1,
    max: 1000,
    example: '50',
  }),
  maxValueBytes: installationSettings.maxValueBytes,
  operationRetentionSeconds: installationSettings.operationRetentionSeconds,
  prefix: installationSettings.prefix,
  ...databaseSettings,
  ...redisSettings,
};
