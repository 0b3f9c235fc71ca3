import type { Redis } from 'ioredis';
import { newWatchClient } from './client.ts';
import type { RedisServer } from './options.ts';

export interface SentinelWatchOptions {
  readonly server: Extract<RedisServer, { sentinels: unknown }>;
  /** There is a new master. Called once for each failover, as soon as the first Sentinel tells. */
  readonly onFailover: () => void;
  readonly onError: (error: Error) => void;
}

const channel = '+switch-master';

/**
 * Listens to every Sentinel for failovers of our master. Without it, a client without traffic would stay with a master
 * that was replaced, and so would one that the old master still answers: a partition between that master and Sentinels.
 */
export class SentinelWatch {
  readonly #options: SentinelWatchOptions;
  readonly #clients: readonly Redis[];
  #lastSwitch = '';

  constructor(options: SentinelWatchOptions) {
    this.#options = options;
    const { sentinels, sentinelPassword, password } = options.server;
    this.#clients = sentinels.map((sentinel) => this.#listen(newWatchClient(sentinel, sentinelPassword ?? password)));
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
  }

  #listen(client: Redis): Redis {
    client.on('error', this.#options.onError);
    client.on('ready', () => void client.subscribe(channel).catch(this.#options.onError));
    client.on('message', (_channel, text: string) => this.#hear(text));
    return client;
  }

  /** @param text name of the master, address and port of the old one, address and port of the new one */
  #hear(text: string): void {
    if (!text.startsWith(`${this.#options.server.masterName} `) || text === this.#lastSwitch) return;
    this.#lastSwitch = text;
    this.#options.onFailover();
  }
}
