import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type DeadLetter, decodeOperations, type Fence, StrataError } from '@stratakv/core';
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
  | { readonly kind: 'set-aside'; readonly letter: DeadLetter }
  | { readonly kind: 'raise-fence'; readonly partition: number }
  | { readonly kind: 'apply'; readonly fences: readonly Fence[]; readonly body: Uint8Array }
  | { readonly kind: 'expire'; readonly fence: Fence; readonly limit: number }
  | { readonly kind: 'prune-tombstones'; readonly fence: Fence; readonly ageMs: number; readonly limit: number }
  | { readonly kind: 'prune-operations'; readonly fence: Fence; readonly limit: number };

/** Jobs for one transaction, and the time it counts as now: milliseconds since 1970. */
export interface WriterRequest {
  readonly jobs: readonly WriterJob[];
  readonly nowMs: number;
}

export type WriterResult = { readonly value: unknown } | { readonly failure: Failure };

/** Runs jobs, in order, in one transaction. */
function createRunner(database: DatabaseSync, options: WriterOptions): (request: WriterRequest) => WriterResult[] {
  const run = prepareJobs(database, options);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const save = database.prepare('SAVEPOINT job');
  const release = database.prepare('RELEASE job');
  const takeBack = database.prepare('ROLLBACK TO job');

  function attempt(job: WriterJob, nowMs: number): WriterResult {
    save.run();
    try {
      return { value: run(job, nowMs) };
    } catch (error) {
      // A full disk or an I/O error may have rolled everything back already (SQLite manual, "ROLLBACK", §3).
      if (!database.isTransaction) throw error;
      takeBack.run();
      return { failure: describeFailure(error) };
    } finally {
      if (database.isTransaction) release.run();
    }
  }

  return ({ jobs, nowMs }) => {
    let describe = describeFailure;
    try {
      begin.run();
      const results = jobs.map((job) => attempt(job, nowMs));
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

function prepareJobs(database: DatabaseSync, options: WriterOptions): (job: WriterJob, nowMs: number) => unknown {
  const queue = prepareQueueWrites(database);
  const partitions = preparePartitions(database);
  const apply = prepareApply(database, options.retentionMs);
  const cleanup = prepareCleanup(database, options.retentionMs);
  const refuseGrowth = prepareRoomCheck(database, options);
  return (job, nowMs) => {
    switch (job.kind) {
      case 'append':
        if (job.isGrowth) refuseGrowth();
        return queue.append(job.partition, job.sequence, job.body);
      case 'remove':
        return queue.remove(job.partition, job.throughSequence);
      case 'set-aside':
        return queue.setAside(job.letter, nowMs);
      case 'raise-fence':
        return partitions.raise(job.partition);
      case 'apply':
        return apply(job.fences, decodeOperations(job.body), nowMs);
      case 'expire':
        return cleanup.expire(job.fence, job.limit, nowMs);
      case 'prune-tombstones':
        return cleanup.pruneTombstones(job.fence, job.ageMs, job.limit, nowMs);
      case 'prune-operations':
        return cleanup.pruneOperations(job.fence, job.limit, nowMs);
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
  port.on('message', (request: WriterRequest | 'close') => {
    if (request !== 'close') {
      port.postMessage(run(request));
      return;
    }
    database.close();
    port.close();
  });
  port.postMessage('open');
}
