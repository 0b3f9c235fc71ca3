import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { ManagedProcess } from '../managed-process.ts';
import { type RedisOptions, redisSpec, redisUrl } from '../servers/redis.ts';
import { type SentinelOptions, sentinelMaster, sentinelSpec } from '../servers/sentinel.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface TestRedis {
  /** With the password. */
  readonly url: string;
  readonly port: number;
  readonly password: string;
  readonly process: ManagedProcess;
  close(): Promise<void>;
}

/** Starts one Redis for tests. `maxMemoryPolicy: 'noeviction'` makes it a lock node. */
export async function startRedis(
  settings: Pick<RedisOptions, 'maxMemoryPolicy' | 'maxMemoryMiB'> = {},
): Promise<TestRedis> {
  const folder = new TemporaryFolder();
  const { port, password } = { port: await freePort(), password: newPassword() };
  const options = { ...settings, name: 'redis', folder: join(folder.path, 'redis'), port, password };
  const server = new ManagedProcess(redisSpec(options), { logFile: folder.logFile('redis') });
  await folder.start(server);
  return { url: redisUrl(options), port, password, process: server, close: () => folder.close() };
}

export interface TestSentinelSet {
  /** `host:port,host:port,host:port` of the Sentinels. */
  readonly sentinels: string;
  /** The name the Sentinels know the master by. */
  readonly master: string;
  /** Of the Redis servers and of the Sentinels themselves. */
  readonly password: string;
  /** The first master and its two replicas. Their ports are in `redisPorts`, in the same order. */
  readonly redisProcesses: readonly ManagedProcess[];
  readonly redisPorts: readonly number[];
  readonly sentinelProcesses: readonly ManagedProcess[];
  close(): Promise<void>;
}

/** Starts a master, two replicas and three Sentinels for tests; ready when the Sentinels know all of them. */
export async function startSentinelSet(): Promise<TestSentinelSet> {
  const folder = new TemporaryFolder();
  const password = newPassword();
  const redis: RedisOptions[] = [];
  for (const name of ['redis-1', 'redis-2', 'redis-3']) {
    const replicaOf = redis[0] === undefined ? {} : { replicaOf: redis[0].port };
    redis.push({ name, folder: join(folder.path, name), port: await freePort(), password, ...replicaOf });
  }
  const masterPort = redis[0]?.port ?? 0;
  const sentinels: SentinelOptions[] = [];
  for (const name of ['sentinel-1', 'sentinel-2', 'sentinel-3']) {
    const port = await freePort();
    sentinels.push({
      name,
      folder: join(folder.path, name),
      port,
      password,
      masterPort,
      quorum: 2,
      expected: { replicas: 2, sentinels: 3 },
    });
  }
  const manage = (spec: ReturnType<typeof redisSpec>) =>
    new ManagedProcess(spec, { logFile: folder.logFile(spec.name) });
  const redisProcesses = redis.map((options) => manage(redisSpec(options)));
  const sentinelProcesses = sentinels.map((options) => manage(sentinelSpec(options)));
  await folder.start(...redisProcesses);
  await folder.start(...sentinelProcesses);
  return {
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
    master: sentinelMaster,
    password,
    redisProcesses,
    redisPorts: redis.map(({ port }) => port),
    sentinelProcesses,
    close: () => folder.close(),
  };
}

function newPassword(): string {
  return randomBytes(16).toString('hex');
}
