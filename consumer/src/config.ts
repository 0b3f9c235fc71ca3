import { byteSize, duration, integer, logSettings, optional, text, writeLogSettings } from '@stratakv/service-kit';

/** Settings of a consumer as a process of its own. Those named as in `ConsumerSettings` can be passed on as they are. */
export const consumerSettings = {
  port: integer({
    name: 'KV_CONSUMER_PORT',
    about: 'Port a consumer serves its health and metrics on; 0 takes a free one.',
    default: 8082,
    min: 0,
    max: 65_535,
    example: '8082',
  }),
  bind: text({
    name: 'KV_CONSUMER_BIND',
    about: 'Address a consumer serves its health and metrics on.',
    default: '127.0.0.1',
    example: '0.0.0.0',
  }),
  name: optional(
    text({
      name: 'KV_CONSUMER_NAME',
      about: 'Name of this consumer among the others. Unset: a random one.',
      maxLength: 64,
      pattern: /^[\w.-]+$/,
      example: 'consumer-1',
    }),
  ),
  maxBatchOperations: integer({
    name: 'KV_CONSUMER_BATCH_OPERATIONS',
    about: 'Operations applied in one transaction.',
    default: 500,
    min: 1,
    max: 10_000,
    example: '500',
  }),
  maxBatchBytes: byteSize({
    name: 'KV_CONSUMER_BATCH_BYTES',
    about: 'Bytes of the messages applied in one transaction.',
    default: '4MiB',
    min: 1024,
    max: 256 * 1024 * 1024,
    example: '4MiB',
  }),
  maxWaitingBytes: byteSize({
    name: 'KV_CONSUMER_BUFFER_BYTES',
    about: 'Bytes of messages a consumer holds before they are applied.',
    default: '64MiB',
    min: 1024 * 1024,
    example: '64MiB',
  }),
  balanceEveryMs: duration({
    name: 'KV_CONSUMER_BALANCE_EVERY',
    about: 'How often consumers are counted and partitions shared out anew.',
    default: '500ms',
    unit: 'ms',
    min: 100,
    // Whoever has not been heard of for 5 s does not count.
    max: 2_000,
    example: '500ms',
  }),
  tombstoneAgeMs: duration({
    name: 'KV_TOMBSTONE_AGE',
    about: 'How long the traces of deleted entries are kept before they are removed.',
    default: '1h',
    unit: 'ms',
    min: 60_000,
    example: '1h',
  }),
  cleanEveryMs: duration({
    name: 'KV_CLEAN_EVERY',
    about: 'How often expired entries, old tombstones and old operations are looked for.',
    default: '5s',
    unit: 'ms',
    min: 100,
    max: 3_600_000,
    example: '5s',
  }),
  ...writeLogSettings,
  ...logSettings,
};
