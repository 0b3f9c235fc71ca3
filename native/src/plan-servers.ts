import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { StartError } from '@stratakv/service-kit';
import { type PostgresOptions, postgresSpec, postgresUrl } from './servers/postgres.ts';
import { epmdSpec, type RabbitMqOptions, rabbitMqSpec, rabbitMqUrl } from './servers/rabbitmq.ts';
import { type RedisOptions, redisSpec, redisUrl } from './servers/redis.ts';
import { sentinelMaster, sentinelSpec } from './servers/sentinel.ts';
import { numberedNames, type StackProcess, type StackSite } from './stack-process.ts';

/** Servers, and what the services have to know to reach them. */
export interface ServerPlan {
  readonly processes: readonly StackProcess[];
  /** Secrets are in files: `KV_DATABASE_URL_FILE` and the like. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function planServers(site: StackSite): Promise<ServerPlan> {
  const plans = [await planPostgres(site), await planRabbitMq(site), await planCache(site), await planLocks(site)];
  return {
    processes: plans.flatMap(({ processes }) => processes),
    environment: Object.assign({}, ...plans.map(({ environment }) => environment)),
  };
}

async function planPostgres({ ports, secrets, folderOf }: StackSite): Promise<ServerPlan> {
  const name = 'postgres';
  const options: PostgresOptions = {
    name,
    folder: folderOf(name),
    port: await ports.portOf(name),
    password: await secrets.secretOf('postgres-password'),
  };
  return {
    processes: [{ kind: 'postgres', spec: postgresSpec(options), port: options.port }],
    environment: { KV_DATABASE_URL_FILE: await secrets.write('database-url', postgresUrl(options)) },
  };
}

async function planRabbitMq({ config, ports, secrets, folderOf }: StackSite): Promise<ServerPlan> {
  const names = numberedNames('rabbitmq', config.rabbitmqNodes);
  const before = numberedNames('rabbitmq', 3).filter((name) => existsSync(folderOf(name))).length;
  if (before > 0 && before !== names.length) {
    throw new StartError(
      `The RabbitMQ cluster of this data folder was made with KV_NATIVE_RABBITMQ_NODES=${before}.`,
      'Its queues live on those nodes. Set it to that number again, or take another KV_DATA_DIR.',
    );
  }
  const epmdPort = await ports.portOf('epmd');
  const cookie = await secrets.secretOf('erlang-cookie');
  const password = await secrets.secretOf('rabbitmq-password');
  const nodes: RabbitMqOptions[] = [];
  for (const name of names) {
    const port = await ports.portOf(name);
    const distributionPort = await ports.portOf(`${name} distribution`);
    const joins = nodes[0] === undefined ? {} : { joins: nodes[0] };
    nodes.push({ name, folder: folderOf(name), port, distributionPort, epmdPort, cookie, password, ...joins });
  }
  const urls = nodes.map(rabbitMqUrl).join(',');
  return {
    processes: [
      { kind: 'epmd', spec: epmdSpec({ name: 'epmd', port: epmdPort }), port: epmdPort },
      ...nodes.map((node) => ({ kind: 'rabbitmq' as const, spec: rabbitMqSpec(node), port: node.port })),
    ],
    environment: { KV_RABBITMQ_URL_FILE: await secrets.write('rabbitmq-urls', urls) },
  };
}

async function planCache({ config, ports, secrets, folderOf }: StackSite): Promise<ServerPlan> {
  const password = await secrets.secretOf('redis-password');
  const servers: RedisOptions[] = [];
  for (const name of numberedNames('redis', 1 + config.redisReplicas)) {
    const replicaOf = servers[0] === undefined ? {} : { replicaOf: servers[0].port };
    servers.push({
      name,
      folder: await freshFolder(folderOf(name)),
      port: await ports.portOf(name),
      password,
      ...replicaOf,
    });
  }
  const common = {
    password,
    masterPort: servers[0]?.port ?? 0,
    quorum: Math.floor(config.sentinels / 2) + 1,
  };
  const sentinels = [];
  for (const name of numberedNames('sentinel', config.sentinels)) {
    sentinels.push({ ...common, name, folder: await freshFolder(folderOf(name)), port: await ports.portOf(name) });
  }
  return {
    processes: [
      ...servers.map((server) => ({ kind: 'redis' as const, spec: redisSpec(server), port: server.port })),
      ...sentinels.map((each) => ({ kind: 'sentinel' as const, spec: sentinelSpec(each), port: each.port })),
    ],
    environment: {
      KV_REDIS_SENTINELS: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      KV_REDIS_MASTER: sentinelMaster,
      KV_REDIS_PASSWORD_FILE: secrets.fileOf('redis-password'),
    },
  };
}

async function planLocks({ config, ports, secrets, folderOf }: StackSite): Promise<ServerPlan> {
  const password = await secrets.secretOf('lock-password');
  const servers: RedisOptions[] = [];
  for (const name of numberedNames('lock', config.lockNodes)) {
    const folder = await freshFolder(folderOf(name));
    servers.push({ name, folder, port: await ports.portOf(name), password, maxMemoryPolicy: 'noeviction' });
  }
  const urls = servers.map((server) => redisUrl(server)).join(',');
  return {
    processes: servers.map((server) => ({ kind: 'lock', spec: redisSpec(server), port: server.port })),
    environment: { KV_LOCK_REDIS_URLS_FILE: await secrets.write('lock-urls', urls) },
  };
}

/** What a former stack's Sentinel has written there, such as who is the master, is no longer true. */
async function freshFolder(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  return folder;
}
