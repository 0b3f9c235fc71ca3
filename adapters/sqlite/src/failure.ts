import { type ProblemCode, StrataError } from '@stratakv/core';

/** An error on its way from a worker thread: errors lose their class when they are posted. */
export interface Failure {
  readonly code: ProblemCode | 'refused';
  readonly detail: string;
  /** The file itself is wrong: nothing that is done now will mend it. */
  readonly isDamage?: true;
}

// Primary result codes (SQLite manual, "Result and Error Codes").
const resultCodes = { ioError: 10, corrupt: 11, full: 13, tooBig: 18, constraint: 19, mismatch: 20, notADatabase: 26 };

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** What an error of node:sqlite means to whoever asked. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof StrataError) return { code: error.code, detail: error.message };
  const detail = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case resultCodes.full:
      return { code: 'storage-full', detail: 'There is no room left for the data of the store.' };
    case resultCodes.tooBig:
    case resultCodes.constraint:
    case resultCodes.mismatch:
      return { code: 'refused', detail };
    case resultCodes.corrupt:
    case resultCodes.notADatabase:
      return { code: 'unavailable', detail: `The database is damaged: ${detail}.`, isDamage: true };
    case undefined:
      return { code: 'internal', detail };
    default:
      return { code: 'unavailable', detail: `The database failed: ${detail}.` };
  }
}

/**
 * What a failed COMMIT means. After an I/O error the frames may still be in the log file, and a crash right now would
 * bring them back: nobody can say whether the transaction is there.
 */
export function describeCommitFailure(error: unknown): Failure {
  const failure = describeFailure(error);
  if (resultCode(error) !== resultCodes.ioError) return failure;
  return { code: 'outcome-unknown', detail: failure.detail };
}

export function isDamaged(error: unknown): boolean {
  const code = resultCode(error);
  return code === resultCodes.corrupt || code === resultCodes.notADatabase;
}

/** Whether SQLite itself found no room, on the disk or under its bound. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === resultCodes.full;
}
