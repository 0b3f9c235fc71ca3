import {
  byteSize,
  duration,
  installationSettings,
  integer,
  logSettings,
  optional,
  text,
  writeLogSettings,
} from '@stratakv/service-kit';

/** What every mode of running has in common at the public side. */
export const gatewaySettings = {
  maxValueBytes: installationSettings.maxValueBytes,
  operationRetentionSeconds: installationSettings.operationRetentionSeconds,
  confirmTimeoutMs: duration({
    name: 'KV_CONFIRM_TIMEOUT',
    about: 'How long the queue may take to confirm a write before its outcome counts as unknown.',
    default: '5s',
    unit: 'ms',
    min: 100,
    max: 60_000,
    example: '5s',
  }),
  readTimeoutMs: duration({
    name: 'KV_READ_TIMEOUT',
    about: 'How long a read may take.',
    default: '5s',
    unit: 'ms',
    min: 100,
    max: 60_000,
    example: '5s',
  }),
  maxWrites: integer({
    name: 'KV_MAX_WRITES_IN_FLIGHT',
    about: 'Writes taken on at once; more are answered 503.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    example: '10000',
  }),
  maxWriteBytes: byteSize({
    name: 'KV_MAX_WRITE_BYTES_IN_FLIGHT',
    about: 'Bytes of values taken on at once; more are answered 503.',
    default: '256MiB',
    min: 1024,
    example: '256MiB',
  }),
  maxReads: integer({
    name: 'KV_MAX_READS_IN_FLIGHT',
    about: 'Reads taken on at once; more are answered 503.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    example: '10000',
  }),
  corsOrigin: optional(
    text({
      name: 'KV_CORS_ORIGIN',
      about: 'Origin of web pages that may use the store, or * for all. Unset: none may.',
      pattern: /^(?:\*|https?:\/\/[^\s/]+)$/,
      example: 'https://console.example',
    }),
  ),
  ...writeLogSettings,
  ...logSettings,
};
