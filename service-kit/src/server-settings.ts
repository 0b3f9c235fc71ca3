import { type Config, ConfigError } from './config.ts';
import { byteSize, duration, integer, optional, type Setting, type SettingText, text } from './setting.ts';

/* How the processes of a cluster reach the servers they share, and what they must agree on. One row each, for all. */

/** What every process of an installation has to be told alike. */
export const installationSettings = {
  partitionCount: integer({
    name: 'KV_PARTITIONS',
    about: 'Partitions of the installation. Chosen once; a database made for another number is refused.',
    default: 16,
    min: 1,
    max: 1024,
    example: '16',
  }),
  prefix: text({
    name: 'KV_PREFIX',
    about: 'First part of the names of queues and Redis keys, so that several stores can share servers.',
    default: 'kv',
    maxLength: 64,
    pattern: /^[\w-]+$/,
    example: 'kv',
  }),
  maxValueBytes: byteSize({
    name: 'KV_MAX_VALUE_BYTES',
    about: 'Largest value that is accepted.',
    default: '1MiB',
    min: 1,
    max: 16 * 1024 * 1024,
    example: '1MiB',
  }),
  maxQueueBytes: byteSize({
    name: 'KV_QUEUE_MAX_BYTES',
    about: 'Accepted writes that may wait to be applied; more are answered 503.',
    default: '1GiB',
    min: 64 * 1024 * 1024,
    example: '1GiB',
  }),
  operationRetentionSeconds: duration({
    name: 'KV_OPERATION_RETENTION',
    about: 'How long outcomes and Idempotency-Keys are remembered.',
    default: '7d',
    unit: 's',
    min: 1,
    max: 365 * 86_400,
    example: '7d',
  }),
};

/** How long what the cache holds counts. */
export const cacheSettings = {
  freshMs: duration({
    name: 'KV_CACHE_TTL',
    about: 'How long a cached entry counts as fresh: the bound on staleness after a cache fault.',
    default: '60s',
    unit: 'ms',
    min: 1000,
    max: 86_400_000,
    example: '60s',
  }),
  staleMaxMs: duration({
    name: 'KV_STALE_MAX',
    about: 'How long an entry is kept beyond that, for stale-if-error.',
    default: '1h',
    unit: 'ms',
    min: 0,
    max: 7 * 86_400_000,
    example: '1h',
  }),
};

/** What signs operation ids and cursors. */
export const secretSettings = {
  secret: text({
    name: 'KV_SECRET',
    about: 'Signs operation ids and cursors, the same for all gateways.',
    minLength: 32,
    isSecret: true,
    example: 'at-least-32-random-characters-of-your-own',
  }),
  previousSecret: optional(
    text({
      name: 'KV_SECRET_PREVIOUS',
      about: 'The secret before the present one: operation ids it signed stay valid as long as it is set.',
      minLength: 32,
      isSecret: true,
      example: 'the-32-or-more-characters-you-used-before',
    }),
  ),
};

export const rabbitmqSettings = {
  rabbitmqUrls: urls(
    {
      name: 'KV_RABBITMQ_URL',
      about: 'RabbitMQ nodes, one is used at a time.',
      example: 'amqp://stratakv:password@rabbitmq-1:5672,amqp://stratakv:password@rabbitmq-2:5672',
    },
    ['amqp:', 'amqps:'],
  ),
};

export const databaseSettings = {
  databaseUrl: text({
    name: 'KV_DATABASE_URL',
    about: 'CockroachDB or PostgreSQL; several hosts are tried in turn.',
    isSecret: true,
    maxLength: 4096,
    pattern: /^postgres(?:ql)?:\/\/\S+$/,
    example: 'postgresql://stratakv:password@db-1:26257,db-2:26257/stratakv?sslmode=verify-full',
  }),
  databaseConnections: integer({
    name: 'KV_DATABASE_CONNECTIONS',
    about: 'Connections a process may have open to the database.',
    default: 8,
    min: 2,
    max: 256,
    example: '8',
  }),
};

export const redisSettings = {
  redisUrl: optional(
    urlText({
      name: 'KV_REDIS_URL',
      about: 'The Redis of the cache when there is no Sentinel.',
      example: 'redis://:password@redis:6379',
    }),
  ),
  redisSentinels: optional(
    hostList({
      name: 'KV_REDIS_SENTINELS',
      about: 'Sentinels that know the Redis of the cache.',
      example: 'sentinel-1:26379,sentinel-2:26379,sentinel-3:26379',
    }),
  ),
  redisMaster: text({
    name: 'KV_REDIS_MASTER',
    about: 'Name under which the Sentinels know it.',
    default: 'stratakv',
    pattern: /^[\w.-]+$/,
    example: 'stratakv',
  }),
  redisPassword: optional(
    text({
      name: 'KV_REDIS_PASSWORD',
      about: 'Password of the Redis of the cache and of its Sentinels.',
      isSecret: true,
      example: 'a-password',
    }),
  ),
};

export const lockSettings = {
  lockUrls: urls(
    {
      name: 'KV_LOCK_REDIS_URLS',
      about: 'Independent Redis servers that hold the partition leases; an odd number, usually three.',
      example: 'redis://:password@lock-1:6379,redis://:password@lock-2:6379,redis://:password@lock-3:6379',
    },
    ['redis:', 'rediss:'],
  ),
};

/** Addresses of servers: they may hold passwords, so they are never printed and may come from a file. */
function urls(row: SettingText, protocols: readonly string[]): Setting<readonly string[]> {
  const single = urlText(row);
  return {
    ...single,
    form: `${protocols.map((protocol) => `${protocol}//`).join(' or ')} URLs, separated by commas`,
    parse: (list) => {
      const value = list.split(',').map((part) => part.trim());
      return value.every((part) => URL.canParse(part) && protocols.includes(new URL(part).protocol))
        ? { value }
        : undefined;
    },
  };
}

function urlText(row: SettingText): Setting<string> {
  return text({ ...row, isSecret: true, maxLength: 4096, pattern: /^[a-z]+:\/\/\S+$/ });
}

/** An address of a server without a secret in it. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A list of `HOST:PORT`. */
export function hostList(row: SettingText): Setting<readonly HostPort[]> {
  const list = text({ ...row, maxLength: 4096 });
  return {
    ...list,
    form: 'HOST:PORT, separated by commas',
    parse: (given) => {
      const value = given.split(',').map(parseHost);
      const isComplete = (each: HostPort | undefined): each is HostPort => each !== undefined;
      return value.every(isComplete) ? { value } : undefined;
    },
  };
}

function parseHost(part: string): HostPort | undefined {
  const match = /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(part.trim());
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) return undefined;
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** The Redis of the cache: one server, or the master that Sentinels know. */
export type RedisAddress =
  | { readonly url: string }
  | { readonly sentinels: readonly HostPort[]; readonly masterName: string; readonly password: string | undefined };

/**
 * Which Redis the settings name.
 *
 * @throws {ConfigError} when they name none, or two
 */
export function redisAddressOf(config: Config<typeof redisSettings>): RedisAddress {
  const { redisUrl, redisSentinels, redisMaster, redisPassword } = config;
  if ((redisUrl === undefined) === (redisSentinels === undefined)) {
    const problem = 'one of KV_REDIS_URL and KV_REDIS_SENTINELS has to be set, and only one';
    const { name, example } = redisSettings.redisSentinels;
    throw new ConfigError([{ name, problem, example: `${name}=${example}` }]);
  }
  if (redisUrl !== undefined) return { url: redisUrl };
  return { sentinels: redisSentinels ?? [], masterName: redisMaster, password: redisPassword };
}
