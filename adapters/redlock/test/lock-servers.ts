import type { ManagedProcess } from '@stratakv/native/testing';
import { startRedis, type TestRedis } from '@stratakv/native/testing';
import { Redis } from 'ioredis';
import { connectRedlock, type RedlockOptions, type RedlockPartitionLock } from '../src/index.ts';

/** Three lock nodes, and the locks that a test connects to them. */
export class LockServers {
  readonly #servers: readonly TestRedis[];
  readonly #locks: RedlockPartitionLock[] = [];
  #tests = 0;

  private constructor(servers: readonly TestRedis[]) {
    this.#servers = servers;
  }

  static async start(): Promise<LockServers> {
    const start = () => startRedis({ maxMemoryPolicy: 'noeviction' });
    return new LockServers(await Promise.all([start(), start(), start()]));
  }

  get urls(): readonly string[] {
    return this.#servers.map(({ url }) => url);
  }

  /** The first, the second and the third node. */
  get processes(): readonly [ManagedProcess, ManagedProcess, ManagedProcess] {
    const [first, second, third] = this.#servers.map(({ process }) => process);
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
    return [first, second, third];
  }

  /** What the keys of the running test begin with. */
  get prefix(): string {
    return `test-${this.#tests}`;
  }

  /** Patient with its nodes unless a test says otherwise: the machine may have much to do. */
  async connect(options: Partial<RedlockOptions> = {}): Promise<RedlockPartitionLock> {
    const common = { urls: this.urls, prefix: this.prefix, termMs: 3_000, answerWithinMs: 500 };
    const lock = await connectRedlock({ ...common, ...options });
    this.#locks.push(lock);
    return lock;
  }

  /** Asks one node itself, past every lock. */
  async ask<Answer>(node: number, question: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const url = this.urls[node];
    if (url === undefined) throw new Error(`there is no node ${node}`);
    const client = new Redis(url);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** The owner's token of a partition on each node, null where it is free. */
  owners(partition: number): Promise<(string | null)[]> {
    const key = `${this.prefix}:lock:${partition}`;
    return Promise.all(this.urls.map((_, node) => this.ask(node, (client) => client.get(key))));
  }

  /** Ends the locks of a test and brings every node back. */
  async reset(): Promise<void> {
    for (const process of this.processes) {
      process.thaw();
      if (!process.isRunning) await process.start();
    }
    await Promise.all(this.#locks.splice(0).map((lock) => lock.close()));
    this.#tests += 1;
  }

  async close(): Promise<void> {
    await this.reset();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
