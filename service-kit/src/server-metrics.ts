import { Counter, Gauge } from 'prom-client';
import type { Metrics } from './metrics.ts';
import type { ServerEvent } from './server-log.ts';

/*
 * What services tell about the servers they use. The adapters know nothing of metrics or logs: they say what they see,
 * and this counts it and passes it on. Gauges are read when the page is scraped.
 */

/** Connection to the broker. */
export interface QueueState {
  readonly isConnected: boolean;
  readonly isBlocked: boolean;
}

/** Connections to the database. */
export interface PoolState {
  readonly open: number;
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

type OnEvent = (event: ServerEvent) => void;

function gauge({ registry }: Metrics, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
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

/** Shows the connections to the database. */
export function observePool(metrics: Metrics, read: () => PoolState): void {
  new Gauge({
    name: 'kv_database_pool_connections',
    help: 'Connections to the database',
    labelNames: ['state'],
    registers: [metrics.registry],
    collect() {
      const { open, idle } = read();
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'busy' }, open - idle);
    },
  });
  gauge(metrics, 'kv_database_pool_waiting', 'Calls that wait for a connection', () => read().waiting);
}

/** What a database adapter tells its observer; transactions tried again are counted, the rest goes on as events. */
export function databaseObserver({ registry }: Metrics, onEvent: OnEvent) {
  const retries = new Counter({
    name: 'kv_database_retries_total',
    help: 'Transactions the database asked to try again, by SQLSTATE',
    labelNames: ['code'],
    registers: [registry],
  });
  return {
    onRetry: (code: string): void => retries.inc({ code }),
    onConnectFailure: (host: string, cause: Error): void => onEvent(failure('connect-failed', { host, cause })),
    onConnectionLost: (cause: Error): void => onEvent(failure('connection-lost', { cause })),
  };
}

/** Shows whether the Redis of the cache can be used, by the events of its adapter, and passes them on. */
export function cacheObserver(metrics: Metrics, onEvent: OnEvent): OnEvent {
  let isUsable = false;
  gauge(metrics, 'kv_cache_connected', 'Whether the Redis of the cache can be used', () => Number(isUsable));
  const faults = new Counter({
    name: 'kv_cache_faults_total',
    help: 'What the Redis of the cache held damaged, or had no room for',
    labelNames: ['kind'],
    registers: [metrics.registry],
  });
  for (const kind of ['damaged', 'full']) faults.inc({ kind }, 0);
  return (event) => {
    if (event.kind === 'damaged' || event.kind === 'full') faults.inc({ kind: event.kind });
    if (event.kind === 'connected') isUsable = true;
    else if (event.kind === 'disconnected' || event.kind === 'unfit') isUsable = false;
    onEvent(event);
  };
}

/** What a lock adapter tells of a node that failed, as an event. */
export function lockObserver(onEvent: OnEvent): (node: string, cause: Error) => void {
  // One kind a node, so that one that fails again and again hides no other.
  return (node, cause) => onEvent(failure(`${node} failed`, { cause }));
}

/** Shows how many lock nodes answer. */
export function observeLocks(metrics: Metrics, read: () => number): void {
  gauge(metrics, 'kv_lock_nodes_up', 'Lock nodes that answer', read);
}

function failure(kind: string, fields: { readonly cause: Error; readonly host?: string }): ServerEvent {
  return { kind, ...fields };
}
