import type { DatabaseSync } from 'node:sqlite';
import { type DeadLetter, decodeOperations, type Fence } from '@stratakv/core';
import { prepareApply } from './apply.ts';
import { prepareCleanup } from './cleanup.ts';
import { preparePartitions } from './partition-table.ts';
import { prepareQueueWrites } from './queue-table.ts';
import type { Room, RoomNeeds } from './room.ts';

/** Something for the writer thread to do, in a savepoint of its own. */
export type WriterJob =
  | {
      readonly kind: 'append';
      readonly partition: number;
      readonly sequence: number;
      readonly body: Uint8Array;
      readonly needs: RoomNeeds;
    }
  | { readonly kind: 'remove'; readonly partition: number; readonly throughSequence: number }
  | { readonly kind: 'set-aside'; readonly letter: DeadLetter }
  | { readonly kind: 'raise-fence'; readonly partition: number }
  | { readonly kind: 'uncount-raise'; readonly partition: number }
  | { readonly kind: 'apply'; readonly fences: readonly Fence[]; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'expire'; readonly fence: Fence; readonly limit: number }
  | { readonly kind: 'prune-tombstones'; readonly fence: Fence; readonly ageMs: number; readonly limit: number }
  | { readonly kind: 'prune-operations'; readonly fence: Fence; readonly limit: number }
  /** Finds out whether a put would be taken: looks for room and writes a row. */
  | { readonly kind: 'probe'; readonly needs: RoomNeeds };

/** Makes the function that does a job; to be called inside a transaction. */
export function prepareJobs(
  database: DatabaseSync,
  { room, retentionMs }: { readonly room: Room; readonly retentionMs: number },
): (job: WriterJob, nowMs: number) => unknown {
  const queue = prepareQueueWrites(database);
  const partitions = preparePartitions(database);
  const apply = prepareApply(database);
  const cleanup = prepareCleanup(database, retentionMs);
  return (job, nowMs) => {
    switch (job.kind) {
      case 'append':
        room.take(job.needs);
        return queue.append(job.partition, job.sequence, job.body);
      case 'remove':
        return queue.remove(job.partition, job.throughSequence);
      case 'set-aside':
        return queue.setAside(job.letter, nowMs);
      case 'raise-fence':
        return partitions.raise(job.partition);
      case 'uncount-raise':
        return partitions.uncount(job.partition);
      case 'apply':
        return apply(job.fences, decodeOperations(job.body), nowMs);
      case 'expire':
        return cleanup.expire(job.fence, job.limit, nowMs);
      case 'prune-tombstones':
        return cleanup.pruneTombstones(job.fence, job.ageMs, job.limit, nowMs);
      case 'prune-operations':
        return cleanup.pruneOperations(job.fence, job.limit, nowMs);
      case 'probe':
        room.take(job.needs);
        return queue.probe(nowMs);
    }
  };
}
