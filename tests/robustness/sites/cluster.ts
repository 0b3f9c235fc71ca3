const counts = {
  envoy: 1,
  gateway: 2,
  'storage-node': 2,
  consumer: 2,
  rabbitmq: 3,
  redis: 2,
  sentinel: 3,
  lock: 3,
} as const;

/** Kinds of processes that talk to one another, and have proxies between them. */
const ways: readonly (readonly [from: keyof typeof counts, to: keyof typeof counts | 'postgres'])[] = [
  ['gateway', 'rabbitmq'],
  ['gateway', 'storage-node'],
  ['storage-node', 'redis'],
  ['storage-node', 'postgres'],
  ['consumer', 'rabbitmq'],
  ['consumer', 'redis'],
  ['consumer', 'lock'],
  ['consumer', 'postgres'],
];

/** A cluster of which one of each kind may be away, as local processes. */
export const clusterSettings: Readonly<Record<string, string>> = {
  KV_NATIVE_GATEWAYS: `${counts.gateway}`,
  KV_NATIVE_STORAGE_NODES: `${counts['storage-node']}`,
  KV_NATIVE_CONSUMERS: `${counts.consumer}`,
  KV_NATIVE_ENVOYS: `${counts.envoy}`,
  KV_NATIVE_RABBITMQ_NODES: `${counts.rabbitmq}`,
  KV_NATIVE_REDIS_REPLICAS: `${counts.redis - 1}`,
  KV_NATIVE_SENTINELS: `${counts.sentinel}`,
  KV_NATIVE_LOCK_NODES: `${counts.lock}`,
  // The least there is: so that a queue can be filled.
  KV_QUEUE_MAX_BYTES: '64MiB',
};

/** How many processes have a connection to the cache. */
export const cacheClients = counts['storage-node'] + counts.consumer;

/** Names of the processes of a kind, such as `gateway-1`. */
export function namesOf(kind: keyof typeof counts | 'postgres' | 'nginx'): readonly string[] {
  if (kind === 'postgres' || kind === 'nginx') return [kind];
  return Array.from({ length: counts[kind] }, (_, index) => `${kind}-${index + 1}`);
}

/** Who talks to whom through a proxy. */
export function clusterWays(): readonly { readonly from: string; readonly to: string }[] {
  return ways.flatMap(([from, to]) =>
    namesOf(from).flatMap((one) => namesOf(to).map((other) => ({ from: one, to: other }))),
  );
}
