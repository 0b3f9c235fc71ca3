import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RabbitMqBroker, RabbitMqOperationQueue } from '@stratakv/adapter-rabbitmq';
import { openSqlStore, type SqlStore } from '@stratakv/adapter-sql';
import { defaultPartitionCount } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import {
  freePort,
  type ManagedProcess,
  startPostgres,
  startRabbitMq,
  startRedis,
  type TestPostgres,
  type TestRabbitMq,
  type TestRedis,
} from '@stratakv/native/testing';
import { ConsumerProcess } from './consumer-process.ts';
import { WriteStream } from './write-stream.ts';

interface Servers {
  readonly rabbitMq: TestRabbitMq;
  readonly postgres: TestPostgres;
  readonly cache: TestRedis;
  readonly locks: readonly TestRedis[];
}

/** Real servers, what a gateway does with them, and consumers as processes. */
export class Cluster {
  readonly database: SqlStore;
  readonly queue: RabbitMqOperationQueue;
  readonly #servers: Servers;
  readonly #broker: RabbitMqBroker;
  readonly #env: Readonly<Record<string, string>>;
  readonly #logFolder = mkdtempSync(join(tmpdir(), 'stratakv-consumers-'));
  readonly #members: ConsumerProcess[] = [];

  private constructor(servers: Servers) {
    const { rabbitMq, postgres, cache, locks } = servers;
    this.#servers = servers;
    this.#env = {
      KV_RABBITMQ_URL: rabbitMq.url,
      KV_DATABASE_URL: postgres.url,
      KV_REDIS_URL: cache.url,
      KV_LOCK_REDIS_URLS: locks.map(({ url }) => url).join(','),
    };
    this.database = openSqlStore({ url: postgres.url, retentionMs: 3_600_000 });
    this.#broker = new RabbitMqBroker({ urls: rabbitMq.url });
    this.queue = new RabbitMqOperationQueue(this.#broker, {
      partitionCount: defaultPartitionCount,
      topology: 'check',
    });
  }

  static async start(): Promise<Cluster> {
    const lock = () => startRedis({ maxMemoryPolicy: 'noeviction' });
    const [rabbitMq, postgres, cache, ...locks] = await Promise.all([
      startRabbitMq(),
      startPostgres(),
      startRedis(),
      lock(),
      lock(),
      lock(),
    ]);
    return new Cluster({ rabbitMq, postgres, cache, locks });
  }

  get locks(): readonly ManagedProcess[] {
    return this.#servers.locks.map(({ process }) => process);
  }

  get postgres(): ManagedProcess {
    return this.#servers.postgres.process;
  }

  /** Consumers that run and are not frozen, as far as the test has not said otherwise. */
  async add(name: string): Promise<ConsumerProcess> {
    const member = new ConsumerProcess({ name, port: await freePort(), env: this.#env, logFolder: this.#logFolder });
    this.#members.push(member);
    await member.start();
    await this.queue.ready();
    return member;
  }

  /** Queues writes to all partitions until it is stopped. */
  write(): WriteStream {
    return WriteStream.start(this.queue, this.database.reader);
  }

  async bringLocksBack(): Promise<void> {
    for (const lock of this.locks) {
      lock.thaw();
      if (!lock.isRunning) await lock.start();
    }
  }

  /** Ends the consumers of a test, and what the test did to the servers. */
  async reset(): Promise<void> {
    this.postgres.thaw();
    await this.bringLocksBack();
    await Promise.all(this.#members.splice(0).map((member) => member.process.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.process.kill()));
    await this.queue.close();
    await this.#broker.close();
    await this.database.close();
    const { rabbitMq, postgres, cache, locks } = this.#servers;
    await Promise.all([rabbitMq, postgres, cache, ...locks].map((server) => server.close()));
    rmSync(this.#logFolder, { recursive: true, force: true });
  }
}

/** Waits until the members hold as many leases as said, in any order; how long that took, milliseconds. */
export async function shared(
  members: readonly ConsumerProcess[],
  counts: readonly number[],
  withinMs: number,
): Promise<number> {
  const startedAt = performance.now();
  const ascending = (a: number, b: number) => a - b;
  const wanted = counts.toSorted(ascending).join();
  let held = '';
  const look = async () => {
    const leases = await Promise.all(members.map((member) => member.metric('kv_partition_leases')));
    held = leases.toSorted(ascending).join();
    return held === wanted;
  };
  await eventually(`leases: ${wanted}`, look, withinMs).catch((error: Error) => {
    throw new Error(`${error.message}, but ${held}`);
  });
  return performance.now() - startedAt;
}
