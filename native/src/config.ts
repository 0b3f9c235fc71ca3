import { consumerProcessSettings } from '@stratakv/consumer';
import { gatewayProcessSettings } from '@stratakv/gateway';
import {
  type Config,
  type Environment,
  integer,
  oneOf,
  readConfig,
  type Setting,
  type SettingsTable,
  settingNames,
  storeSettings,
} from '@stratakv/service-kit';
import { storageNodeProcessSettings } from '@stratakv/storage-node';
import { edgeSettings } from '../../envoy/src/settings.ts';
import { nginxSettings } from '../../nginx/src/settings.ts';
import { installModes } from './install/install.ts';

/** Settings of the native mode itself. Those of the services it starts come on top. */
export const nativeSettings = {
  ...storeSettings,
  gateways: count('GATEWAYS', 'Gateways that are started.', 16),
  storageNodes: count('STORAGE_NODES', 'Storage nodes that are started.', 16),
  consumers: count('CONSUMERS', 'Consumers that are started.', 16),
  envoys: count('ENVOYS', 'Envoys that are started.', 8),
  rabbitmqNodes: oneOfNumbers('RABBITMQ_NODES', 'RabbitMQ nodes of the cluster; chosen at the first start.', [1, 3], 1),
  redisReplicas: integer({
    name: 'KV_NATIVE_REDIS_REPLICAS',
    about: 'Replicas of the Redis of the cache; without one, nothing takes its place while it is down.',
    default: 0,
    min: 0,
    max: 4,
    example: '2',
  }),
  sentinels: oneOfNumbers('SENTINELS', 'Sentinels that watch over it.', [1, 3, 5], 1),
  lockNodes: oneOfNumbers('LOCK_NODES', 'Redis servers that hold the partition leases.', [1, 3, 5], 3),
  installMode: oneOf({
    name: 'KV_INSTALL',
    about:
      'Whether missing programs are installed: as root only (auto), with sudo too if it asks for no password (always), or never.',
    values: installModes,
    default: 'auto',
    example: 'never',
  }),
  maxValueBytes: gatewayProcessSettings.maxValueBytes,
  confirmTimeoutMs: gatewayProcessSettings.confirmTimeoutMs,
  readTimeoutMs: gatewayProcessSettings.readTimeoutMs,
  accessLog: edgeSettings.accessLog,
  nginxConnections: nginxSettings.connections,
};

export type NativeConfig = Config<typeof nativeSettings>;

/** What the native mode tells its processes by itself: where they listen, and how they reach one another. */
const determined: ReadonlySet<string> = new Set([
  'KV_GATEWAY_PORT',
  'KV_GATEWAY_BIND',
  'KV_GATEWAY_SOCKET',
  'KV_STORAGE_PORT',
  'KV_STORAGE_BIND',
  'KV_STORAGE_NODES',
  'KV_CONSUMER_PORT',
  'KV_CONSUMER_BIND',
  'KV_CONSUMER_NAME',
  'KV_RABBITMQ_URL',
  'KV_DATABASE_URL',
  'KV_REDIS_URL',
  'KV_REDIS_SENTINELS',
  'KV_REDIS_MASTER',
  'KV_REDIS_PASSWORD',
  'KV_LOCK_REDIS_URLS',
  'KV_SECRET',
]);

const serviceTables = [gatewayProcessSettings, storageNodeProcessSettings, consumerProcessSettings];

/**
 * Reads the settings of the native mode, and those of the services, so that a mistake in any is told before a process is
 * started.
 *
 * @throws ConfigError with all mistakes
 */
export function readNativeConfig(env: Environment): NativeConfig {
  const own = new Set(settingNames(nativeSettings));
  const rows = serviceTables.flatMap((table) => Object.values(withoutDetermined(table)));
  // By the name of the variable: two services may call different settings alike.
  const others = Object.fromEntries(rows.filter(({ name }) => !own.has(name)).map((row) => [row.name, row]));
  return readConfig({ ...others, ...nativeSettings }, env, settingNames(...serviceTables));
}

/** What a service takes over of the environment: the settings in its table, but not what the native mode tells it. */
export function inheritedSettings(table: SettingsTable, env: Environment): Readonly<Record<string, string>> {
  const names = settingNames(withoutDetermined(table));
  const pairs = names.map((name) => [name, env[name]] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function withoutDetermined(table: SettingsTable): SettingsTable {
  return Object.fromEntries(Object.entries(table).filter(([, { name }]) => !determined.has(name)));
}

function count(name: string, about: string, max: number): Setting<number> {
  return integer({ name: `KV_NATIVE_${name}`, about, default: 1, min: 1, max, example: '2' });
}

function oneOfNumbers(name: string, about: string, values: readonly number[], fallback: number): Setting<number> {
  const words = oneOf({
    name: `KV_NATIVE_${name}`,
    about,
    values: values.map(String),
    default: String(fallback),
    example: '3',
  });
  return {
    ...words,
    parse: (text) => {
      const word = words.parse(text);
      return word && { value: Number(word.value) };
    },
  };
}
