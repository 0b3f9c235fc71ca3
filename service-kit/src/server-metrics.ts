import { Counter, Gauge } from 'prom-client';
import type { Metrics } from './metrics.ts';

/*
 * What services tell about the servers they use. The adapters know nothing of metrics: they say what they see, and what
 * stands here is read when a page is scraped.
 */

/** Connection to the broker. */
export interface QueueState {
  readonly isConnected: boolean;
  readonly isBlocked: boolean;
}

/** Connections to the database. */
export interface PoolState {
  readonly idle: number;
  readonly busy: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

function gauge(metrics: Metrics, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [metrics.registry],
    collect() {
      this.set(read());
    },
  });
}

/** Shows whether the broker can be reached and takes messages. */
export function observeQueue(metrics: Metrics, read: () => QueueState): void {
  gauge(metrics, 'kv_queue_connected', 'Whether there is a connection to the broker', () => Number(read().isConnected));
  gauge(metrics, 'kv_queue_blocked', 'Whether the broker takes no messages now', () => Number(read().isBlocked));
}

/** Shows the connections to the database; returns what counts a transaction that had to be tried again. */
export function observeDatabase(metrics: Metrics, read: () => PoolState): (code: string) => void {
  new Gauge({
    name: 'kv_database_pool_connections',
    help: 'Connections to the database',
    labelNames: ['state'],
    registers: [metrics.registry],
    collect() {
      const { idle, busy } = read();
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'busy' }, busy);
    },
  });
  gauge(metrics, 'kv_database_pool_waiting', 'Calls that wait for a connection', () => read().waiting);
  const retries = new Counter({
    name: 'kv_database_retries_total',
    help: 'Transactions the database asked to try again, by SQLSTATE',
    labelNames: ['code'],
    registers: [metrics.registry],
  });
  return (code) => retries.inc({ code });
}

/** Shows whether the Redis of the cache can be used. */
export function observeCache(metrics: Metrics, read: () => boolean): void {
  gauge(metrics, 'kv_cache_connected', 'Whether the Redis of the cache can be used', () => Number(read()));
}

/** Shows how many lock nodes answer. */
export function observeLocks(metrics: Metrics, read: () => number): void {
  gauge(metrics, 'kv_lock_nodes_up', 'Lock nodes with a connection', read);
}
