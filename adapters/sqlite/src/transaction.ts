import type { DatabaseSync } from 'node:sqlite';
import { describeCommitFailure, describeFailure, type Failure, isFull } from './failure.ts';
import type { Room } from './room.ts';
import { prepareJobs, type WriterJob } from './writer-job.ts';

/** Jobs for one transaction, and the time it counts as now: milliseconds since 1970. */
export interface WriterRequest {
  readonly jobs: readonly WriterJob[];
  readonly nowMs: number;
}

export type WriterResult = { readonly value: unknown } | { readonly failure: Failure };

interface RunnerOptions {
  readonly room: Room;
  readonly retentionMs: number;
}

/**
 * Makes the function that runs jobs, in order, in one transaction: one result for each. It does not throw. Each job is
 * a savepoint, so one that fails takes only itself back.
 */
export function createRunner(database: DatabaseSync, options: RunnerOptions) {
  const { room } = options;
  const run = prepareJobs(database, options);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const save = database.prepare('SAVEPOINT job');
  const release = database.prepare('RELEASE job');
  const takeBack = database.prepare('ROLLBACK TO job');

  function attempt(job: WriterJob, nowMs: number, isLastTry: boolean): WriterResult {
    save.run();
    try {
      return { value: run(job, nowMs) };
    } catch (error) {
      // A full disk or an I/O error may have rolled everything back already (SQLite manual, "ROLLBACK", §3).
      if (!database.isTransaction || (isFull(error) && !isLastTry)) throw error;
      takeBack.run();
      return { failure: describeFailure(error) };
    } finally {
      if (database.isTransaction) release.run();
    }
  }

  function transact({ jobs, nowMs }: WriterRequest, isLastTry: boolean): WriterResult[] {
    let describe = describeFailure;
    try {
      if (jobs.some((job) => 'needs' in job)) room.measure(wantedBytes(jobs));
      begin.run();
      const results = jobs.map((job) => attempt(job, nowMs, isLastTry));
      describe = describeCommitFailure;
      commit.run();
      quietly(() => room.boundLog());
      return results;
    } catch (error) {
      if (database.isTransaction) quietly(() => rollback.run());
      if (isFull(error) && !isLastTry) return retry({ jobs, nowMs });
      const failure = describe(error);
      return jobs.map(() => ({ failure }));
    }
  }

  /** A log that cannot grow any more can be written back, and then used again from its start. */
  function retry(request: WriterRequest): WriterResult[] {
    quietly(() => room.shrinkLog());
    // Apart, because an ack gives room back: it must not fail for the batch beside it, which finds none.
    return request.jobs.flatMap((job) => transact({ jobs: [job], nowMs: request.nowMs }, true));
  }

  return (request: WriterRequest): WriterResult[] => transact(request, false);
}

function wantedBytes(jobs: readonly WriterJob[]): number {
  let bytes = 0;
  let backlogBytes = 0;
  for (const job of jobs) {
    if (!('needs' in job)) continue;
    bytes += job.needs.bytes;
    backlogBytes = Math.max(backlogBytes, job.needs.backlogBytes);
  }
  return bytes + backlogBytes;
}

/** For what is tried after a failure: the failure is what counts. */
function quietly(attempt: () => void): void {
  try {
    attempt();
  } catch {
    // The next transaction meets it again.
  }
}
