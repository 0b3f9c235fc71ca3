import type { DatabaseSync } from 'node:sqlite';
import { operationCreatedAt, salvageOperationIds } from '@stratakv/core';

/*
 * How far back the operations log is whole. An operation made before that, with no row, may have been applied and
 * pruned: it is never applied now. One made later has a row if it was applied, however long the store was down
 * meanwhile, because rows go by pruning alone and pruning stays behind what still waits in the queue.
 */

const sql = {
  get: 'SELECT pruned_before FROM log',
  raise: 'UPDATE log SET pruned_before = max(pruned_before, ?)',
  // The length of a body is known without reading it.
  waiting: `SELECT count(*) AS messages, coalesce(sum(bytes), 0) AS bytes
            FROM (SELECT length(body) AS bytes FROM queue LIMIT ?)`,
  bodies: 'SELECT body FROM queue',
};

// What is read to find the oldest operation, while every write waits.
const mostMessages = 1000;
const mostBytes = 64 * 1024 * 1024;

/** Makes the functions on the log's horizon, milliseconds since 1970; to be called inside a transaction. */
export function prepareLogHorizon(database: DatabaseSync) {
  const get = database.prepare(sql.get);
  const raise = database.prepare(sql.raise);
  const waiting = database.prepare(sql.waiting);
  const bodies = database.prepare(sql.bodies);
  return {
    get: (): number => (get.get() as { pruned_before: number }).pruned_before,
    raise(beforeMs: number): void {
      raise.run(Math.floor(beforeMs));
    },
    /**
     * When the oldest operation that still waits was made; infinity when none does, 0 when too much waits to look. It
     * may stand anywhere: gateways and their clocks differ, and a clock may be set back. A settle marker counts with the
     * time of what it settles. That holds nothing back for long: it is gone once its message is applied.
     */
    oldestQueued(): number {
      const { messages, bytes } = waiting.get(mostMessages + 1) as { messages: number; bytes: number };
      if (messages > mostMessages || bytes > mostBytes) return 0;
      let oldest = Number.POSITIVE_INFINITY;
      for (const row of bodies.iterate()) {
        for (const id of salvageOperationIds(row.body as Uint8Array)) oldest = Math.min(oldest, operationCreatedAt(id));
      }
      return oldest;
    },
  };
}
