import type { DatabaseSync } from 'node:sqlite';
import type { Fence, RaisedFence, Version } from '@stratakv/core';

const sql = {
  raise: `INSERT INTO partitions (partition, token, raises, floor) VALUES (?, 1, 1, 0)
          ON CONFLICT (partition) DO UPDATE SET token = token + 1, raises = raises + 1
          RETURNING token, raises`,
  uncount: 'UPDATE partitions SET raises = raises - 1 WHERE partition = ? AND raises > 0',
  // A write, not a look: whoever holds an older token is refused, whatever its transaction saw before.
  pass: 'UPDATE partitions SET raises = 0 WHERE partition = ? AND token = ? RETURNING floor',
  // For a clean-up, which is no sign that batches can be applied: the raises go on counting. A look is enough, since the
  // transaction is the only one that writes, and one that finds nothing to clean then costs no flush.
  enter: 'SELECT 1 FROM partitions WHERE partition = ? AND token = ?',
  lift: 'UPDATE partitions SET floor = max(floor, ?) WHERE partition = ?',
};

/** Makes the functions on fences and version floors; to be called inside a transaction. */
export function preparePartitions(database: DatabaseSync) {
  const raise = database.prepare(sql.raise);
  const uncount = database.prepare(sql.uncount);
  const pass = database.prepare(sql.pass);
  const enter = database.prepare(sql.enter);
  const lift = database.prepare(sql.lift);
  return {
    raise(partition: number): RaisedFence {
      const row = raise.get(partition) as { token: number; raises: number };
      return { partition, token: row.token, raisesSinceCommit: row.raises };
    },
    uncount(partition: number): void {
      uncount.run(partition);
    },
    /** The partition's version floor; undefined when the fence was raised by somebody else. */
    pass(fence: Fence): Version | undefined {
      const row = pass.get(fence.partition, fence.token) as { floor: number } | undefined;
      return row?.floor;
    },
    /** Whether a clean-up may go on: false when the fence was raised by somebody else. */
    enter(fence: Fence): boolean {
      return enter.get(fence.partition, fence.token) !== undefined;
    },
    lift(partition: number, floor: Version): void {
      lift.run(floor, partition);
    },
  };
}
