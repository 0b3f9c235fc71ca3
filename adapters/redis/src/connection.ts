import { StrataError } from '@stratakv/core';
import { type CacheClient, newCacheClient } from './client.ts';
import type { RedisCacheEvent, RedisServer } from './options.ts';
import { SentinelWatch } from './sentinel-watch.ts';
import { judgeServer } from './server-info.ts';

export interface RedisConnectionOptions {
  readonly server: RedisServer;
  readonly commandTimeoutMs: number;
  readonly onEvent: (event: RedisCacheEvent) => void;
}

/** Between two looks at a server that cannot be used, and before a client that ended is started again. */
const lookAgainMs = 1000;

/** The one connection to the Redis of the cache: made again whenever it is lost, used only while the server is fit. */
export class RedisConnection {
  readonly #onEvent: (event: RedisCacheEvent) => void;
  readonly #redis: CacheClient;
  readonly #watch: SentinelWatch | undefined;
  readonly #firstLook = Promise.withResolvers<void>();
  #isUsable = false;
  #unfit: string | undefined;
  #isClosed = false;
  #again: NodeJS.Timeout | undefined;

  constructor({ server, commandTimeoutMs, onEvent }: RedisConnectionOptions) {
    this.#onEvent = onEvent;
    const redis = newCacheClient(server, commandTimeoutMs);
    this.#redis = redis;
    redis.on('ready', () => void this.#look());
    redis.on('close', () => this.#lose());
    redis.on('end', () => this.#startAgain());
    redis.on('error', (error) => this.#fail(error));
    redis.on('sentinelError', (error: Error) => this.#fail(error));
    if ('sentinels' in server) this.#watch = this.#watchFailovers(server);
  }

  /** Why the server cannot be used as it is; undefined: it can, or was not reached. */
  get unfit(): string | undefined {
    return this.#unfit;
  }

  /** Resolves when the server was looked at for the first time, or after `withinMs` milliseconds. */
  async ready(withinMs: number): Promise<void> {
    const timer = setTimeout(this.#firstLook.resolve, withinMs);
    await this.#firstLook.promise;
    clearTimeout(timer);
  }

  /**
   * Asks Redis.
   *
   * @throws StrataError `unavailable` when it cannot be used now, at once when that is known
   */
  async call<Reply>(ask: (redis: CacheClient) => Promise<Reply>): Promise<Reply> {
    if (!this.#isUsable) throw new StrataError('unavailable', this.#unfit ?? 'The cache cannot be reached.');
    try {
      return await ask(this.#redis);
    } catch (cause) {
      throw new StrataError('unavailable', 'The cache did not answer, or refused.', { cause: withoutCommand(cause) });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUsable = false;
    clearTimeout(this.#again);
    this.#watch?.close();
    if (this.#redis.status === 'end') return;
    const ended = Promise.withResolvers<void>();
    this.#redis.once('end', ended.resolve);
    // While it waits to connect again, the client ends without saying so.
    const timer = setTimeout(ended.resolve, lookAgainMs);
    if (this.#redis.status === 'reconnecting') ended.resolve();
    this.#redis.disconnect();
    await ended.promise;
    clearTimeout(timer);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#again);
    try {
      const { redisVersion, unfit, warnings } = judgeServer(await this.#redis.info());
      if (this.#isClosed || this.#redis.status !== 'ready') return;
      if (unfit === undefined) this.#onEvent({ kind: 'connected', redisVersion, warnings });
      else if (unfit !== this.#unfit) this.#onEvent({ kind: 'unfit', reason: unfit });
      this.#unfit = unfit;
      this.#isUsable = unfit === undefined;
      if (unfit !== undefined) this.#again = setTimeout(() => void this.#look(), lookAgainMs);
      this.#firstLook.resolve();
    } catch {
      // Frozen, or gone. Closing it makes the client look for another.
      if (this.#redis.status === 'ready') this.#redis.disconnect(true);
    }
  }

  #lose(): void {
    clearTimeout(this.#again);
    if (this.#isUsable) this.#onEvent({ kind: 'disconnected' });
    this.#isUsable = false;
  }

  /** The client gives up only when it is closed, or by a mistake of its own: then it is started again. */
  #startAgain(): void {
    if (this.#isClosed) return;
    this.#again = setTimeout(() => void this.#redis.connect().catch(() => undefined), lookAgainMs);
  }

  #fail(error: Error): void {
    if (this.#isClosed) return;
    // Not a failure: ioredis says this too whenever it begins the list of Sentinels anew.
    if (error.message.startsWith('All sentinels are unreachable') && !error.message.includes('Last error')) return;
    this.#onEvent({ kind: 'failed', error: withoutCommand(error) });
  }

  #watchFailovers(server: Extract<RedisServer, { sentinels: unknown }>): SentinelWatch {
    return new SentinelWatch({
      server,
      onError: (error) => this.#fail(error),
      onFailover: () => {
        this.#onEvent({ kind: 'failover' });
        // While it looks for the master it will find the new one; disconnecting it then would end it for good.
        if (this.#redis.status === 'ready' || this.#redis.status === 'connect') this.#redis.disconnect(true);
      },
    });
  }
}

/** ioredis adds the command to an error: values, or the password when it was that. Neither belongs into a log. */
function withoutCommand<Thrown>(error: Thrown): Thrown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return error;
}
