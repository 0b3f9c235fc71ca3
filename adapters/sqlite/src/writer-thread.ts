import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeOperations, type Fence, type OperationId, StrataError } from '@stratakv/core';
import { prepareApply } from './apply.ts';
import { prepareCleanup } from './cleanup.ts';
import { describeCommitFailure, describeFailure, type Failure } from './failure.ts';
import { preparePartitions } from './partition-table.ts';
import { prepareQueueWrites } from './queue-table.ts';
import { type ConnectionOptions, openConnection } from './schema.ts';

/*
 * The one writer of the database, in a thread of its own so that a flush never stops the event loop. Jobs that arrive
 * together share one transaction and one flush (group commit); each is a savepoint, so one that fails takes only
 * itself back.
 */

export interface WriterOptions {
  readonly connection: ConnectionOptions;
  readonly retentionMs: number;
  /** Room kept free, under `maxBytes`, for applying what was accepted and for deletes; bytes. */
  readonly reservedBytes: number;
}

export type WriterJob =
  | {
      readonly kind: 'append';
      readonly partition: number;
      readonly sequence: number;
      readonly body: Uint8Array;
      /** Refused when only the reserved room is left. */
      readonly isGrowth: boolean;
    }
  | { readonly kind: 'remove'; readonly partition: number; readonly throughSequence: number }
  | {
      readonly kind: 'set-aside';
      readonly partition: number;
      readonly body: Uint8Array;
      readonly reason: string;
      readonly ids: readonly OperationId[];
    }
  | { readonly kind: 'raise-fence'; readonly partition: number }
  | { readonly kind: 'apply'; readonly fences: readonly Fence[]; readonly body: Uint8Array }
  | { readonly kind: 'expire'; readonly fence: Fence; readonly limit: number }
  | { readonly kind: 'prune-tombstones'; readonly fence: Fence; readonly ageMs: number; readonly limit: number }
  | { readonly kind: 'prune-operations'; readonly fence: Fence; readonly limit: number };

export type WriterResult = { readonly value: unknown } | { readonly failure: Failure };

/** Runs jobs, in order, in one transaction. */
function createRunner(database: DatabaseSync, options: WriterOptions): (jobs: readonly WriterJob[]) => WriterResult[] {
  const run = prepareJobs(database, options);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const save = database.prepare('SAVEPOINT job');
  const release = database.prepare('RELEASE job');
  const takeBack = database.prepare('ROLLBACK TO job');

  function attempt(job: WriterJob): WriterResult {
    save.run();
    try {
      return { value: run(job) };
    } catch (error) {
      // A full disk or an I/O error may have rolled everything back already (SQLite manual, "ROLLBACK", §3).
      if (!database.isTransaction) throw error;
      takeBack.run();
      return { failure: describeFailure(error) };
    } finally {
      if (database.isTransaction) release.run();
    }
  }

  return (jobs) => {
    let describe = describeFailure;
    try {
      begin.run();
      const results = jobs.map(attempt);
      describe = describeCommitFailure;
      commit.run();
      return results;
    } catch (error) {
      if (database.isTransaction) rollback.run();
      const failure = describe(error);
      return jobs.map(() => ({ failure }));
    }
  };
}

function prepareJobs(database: DatabaseSync, options: WriterOptions): (job: WriterJob) => unknown {
  const queue = prepareQueueWrites(database);
  const partitions = preparePartitions(database);
  const apply = prepareApply(database, options.retentionMs);
  const cleanup = prepareCleanup(database, options.retentionMs);
  const refuseGrowth = prepareRoomCheck(database, options);
  return (job) => {
    switch (job.kind) {
      case 'append':
        if (job.isGrowth) refuseGrowth();
        return queue.append(job.partition, job.sequence, job.body);
      case 'remove':
        return queue.remove(job.partition, job.throughSequence);
      case 'set-aside':
        return queue.setAside(job.partition, job.body, job.reason, job.ids);
      case 'raise-fence':
        return partitions.raise(job.partition);
      case 'apply':
        return apply(job.fences, decodeOperations(job.body));
      case 'expire':
        return cleanup.expire(job.fence, job.limit);
      case 'prune-tombstones':
        return cleanup.pruneTombstones(job.fence, job.ageMs, job.limit);
      case 'prune-operations':
        return cleanup.pruneOperations(job.fence, job.limit);
    }
  };
}

/** Makes the check that keeps the reserved room out of reach of new puts. */
function prepareRoomCheck(database: DatabaseSync, { connection, reservedBytes }: WriterOptions): () => void {
  const { maxBytes } = connection;
  if (maxBytes === undefined) return () => {};
  const read = (statement: StatementSync) => Object.values(statement.get() ?? {})[0] as number;
  const total = database.prepare('PRAGMA page_count');
  const free = database.prepare('PRAGMA freelist_count');
  const pageBytes = read(database.prepare('PRAGMA page_size'));
  return () => {
    const used = (read(total) - read(free)) * pageBytes;
    if (used > maxBytes - reservedBytes) throw new StrataError('storage-full', 'The store has reached its size limit.');
  };
}

const port = parentPort;
if (port !== null) {
  const options = workerData as WriterOptions;
  const database = openConnection(options.connection);
  const run = createRunner(database, options);
  port.on('message', (jobs: readonly WriterJob[] | 'close') => {
    if (jobs !== 'close') {
      port.postMessage(run(jobs));
      return;
    }
    database.close();
    port.close();
  });
  port.postMessage('open');
}
