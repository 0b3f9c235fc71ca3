import { OperationRefused, StrataError } from '@stratakv/core';
import { DatabaseError } from 'pg';

/*
 * What an error of the database means to whoever asked. SQLSTATE codes: PostgreSQL manual, appendix A; CockroachDB uses
 * the same and adds XXUUU ("uncategorized"). Details are told to clients, so they name no host and no statement; the
 * cause does.
 */

const diskFull = '53100';
const undefinedTable = '42P01';
const invalidSchemaName = '3F000';
/** Division by zero, by which `putEntries` says so: nothing of the data, and nothing was written. */
const notAllWritten = '22012';

/** A transaction lost against another one: it must start over, and will get through then. */
const retryableStates: ReadonlySet<string> = new Set(['40001', '40P01']);

/**
 * Classes of errors that come from the data itself and come again with it: 21 cardinality, 22 data exception, 23
 * constraint, 54 program limit. All others (08 connection, 25 and 40 transaction, 42 missing table or right, 53
 * resources, 55 lock not available, 57 operator and timeouts, 58 system, XX internal) pass, or are mended by somebody.
 */
const dataClasses: ReadonlySet<string> = new Set(['21', '22', '23', '54']);

/** A connection that reported one of these stays wrong: a server that became a standby, or statements that are stale. */
const stickyStates: ReadonlySet<string> = new Set(['25006', '26000', '0A000']);

export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

export function isRetryable(error: unknown): boolean {
  return retryableStates.has(sqlStateOf(error) ?? '');
}

export function isSticky(error: unknown): boolean {
  return stickyStates.has(sqlStateOf(error) ?? '');
}

/** Whether an error, met while operations were written, comes from one of them and will again. */
export function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error) ?? '';
  return dataClasses.has(state.slice(0, 2)) && state !== notAllWritten;
}

/** What whoever called is told. */
export function callFailure(error: unknown): StrataError | OperationRefused {
  if (error instanceof StrataError || error instanceof OperationRefused) return error;
  const state = sqlStateOf(error);
  if (state === diskFull) return new StrataError('storage-full', 'The database has no room left.', { cause: error });
  if (state === undefinedTable || state === invalidSchemaName) {
    return new StrataError('unavailable', 'The database was not set up yet.', { cause: error });
  }
  return new StrataError('unavailable', 'The database failed.', { cause: error });
}

/** Nothing came back in time. What was asked may have been done. */
export function tooLate(cause?: unknown): StrataError {
  return new StrataError('unavailable', 'The database did not answer in time.', { cause });
}
