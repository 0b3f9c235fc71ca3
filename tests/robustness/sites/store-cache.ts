import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RunNote } from '../../../native/src/run-file.ts';

const answerWithinMs = 2_000;
const masterName = 'stratakv';

/** The Redis servers and Sentinels of a native stack's cache, looked into past the store. */
export class StoreCache {
  readonly #dataDir: string;
  readonly #note: () => RunNote;

  constructor(dataDir: string, note: () => RunNote) {
    this.#dataDir = dataDir;
    this.#note = note;
  }

  /** Name of the server that most Sentinels say is the master. @throws Error when none says */
  async master(): Promise<string> {
    const { processes } = this.#note();
    const sentinels = processes.filter(({ kind }) => kind === 'sentinel');
    const said = await Promise.all(
      sentinels.map(({ name }) =>
        this.ask(name, async (redis) => {
          const [, port] = (await redis.call('SENTINEL', 'get-master-addr-by-name', masterName)) as [string, string];
          return processes.find((each) => each.kind === 'redis' && each.port === Number(port))?.name;
        }).catch(() => undefined),
      ),
    );
    const votes = Map.groupBy(
      said.filter((name) => name !== undefined),
      (name) => name,
    );
    const [most] = [...votes].sort(([, one], [, other]) => other.length - one.length);
    if (most === undefined) throw new Error('no Sentinel knows a master');
    return most[0];
  }

  /** Names of the servers that follow others. */
  async replicas(): Promise<readonly string[]> {
    const master = await this.master();
    const servers = this.#note().processes.filter(({ kind }) => kind === 'redis');
    return servers.map(({ name }) => name).filter((name) => name !== master);
  }

  /** A member of what a server says about itself, such as `connected_slaves`. @throws Error when it is away */
  async info(name: string, member: string): Promise<string> {
    const text = await this.ask(name, (redis) => redis.info());
    return new RegExp(`^${member}:(.*?)\r?$`, 'm').exec(text)?.[1] ?? '';
  }

  /** How many services have their connection of the cache at a server. */
  async clientsOf(name: string): Promise<number> {
    const list = await this.ask(name, (redis) => redis.client('LIST'));
    return String(list).split('name=stratakv-cache ').length - 1;
  }

  /** @throws Error when the server is away, or does not answer within 2 s */
  async ask<Answer>(name: string, question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const server = this.#note().processes.find((each) => each.name === name);
    if (server === undefined) throw new Error(`no process ${name}`);
    const redis = new Redis({
      host: '127.0.0.1',
      port: server.port,
      password: readFileSync(join(this.#dataDir, 'secrets', 'redis-password'), 'utf8').trim(),
      lazyConnect: true,
      connectTimeout: answerWithinMs,
      commandTimeout: answerWithinMs,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
