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
  // The ids stand at the front of a message.
  heads: `SELECT substr(body, 1, 256) AS head FROM queue
          WHERE (partition, sequence) IN (SELECT partition, min(sequence) FROM queue GROUP BY partition)`,
};

/** Makes the functions on the log's horizon, milliseconds since 1970; to be called inside a transaction. */
export function prepareLogHorizon(database: DatabaseSync) {
  const get = database.prepare(sql.get);
  const raise = database.prepare(sql.raise);
  const heads = database.prepare(sql.heads);
  return {
    get: (): number => (get.get() as { pruned_before: number }).pruned_before,
    raise(beforeMs: number): void {
      raise.run(Math.floor(beforeMs));
    },
    /** When the oldest operation that still waits was made; infinity when none does. */
    oldestQueued(): number {
      const ids = heads.all().flatMap((row) => salvageOperationIds(row.head as Uint8Array).slice(0, 1));
      return Math.min(...ids.map(operationCreatedAt));
    },
  };
}
