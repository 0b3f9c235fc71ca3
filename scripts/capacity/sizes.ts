import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { NativeStore } from '../../bench/src/native-store.ts';

/** Rows of a table and the bytes it takes with its indexes. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

/** @param table of the store's own */
export async function tableSize(store: NativeStore, table: 'entries' | 'operations'): Promise<TableSize> {
  const client = new Client({ connectionString: store.secret('database-url') });
  await client.connect();
  try {
    const text = `SELECT count(*)::int AS rows, pg_total_relation_size('${table}')::float8 AS bytes FROM ${table}`;
    const { rows } = await client.query<TableSize>(text);
    return rows[0] ?? { rows: 0, bytes: 0 };
  } finally {
    await client.end();
  }
}

/** Keys of the cache and the bytes Redis says it uses for all it has. */
export interface CacheSize {
  readonly keys: number;
  readonly bytes: number;
}

export async function cacheSize(store: NativeStore): Promise<CacheSize> {
  const server = store.processes().find(({ kind }) => kind === 'redis');
  if (server === undefined) throw new Error('The store has no Redis.');
  const redis = new Redis({ host: '127.0.0.1', port: server.port, password: store.secret('redis-password') });
  try {
    const [keys, memory] = await Promise.all([redis.dbsize(), redis.info('memory')]);
    return { keys, bytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]) };
  } finally {
    redis.disconnect();
  }
}
