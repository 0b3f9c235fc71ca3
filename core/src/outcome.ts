import type { ProblemCode } from './errors.ts';
import type { Key } from './key.ts';
import type { OperationId } from './operation-id.ts';
import type { Version } from './version.ts';

/** How an operation ended. Every accepted operation gets exactly one. */
export type Outcome =
  | {
      readonly status: 'applied';
      /** Undefined for the delete of an absent key, which changes nothing. */
      readonly version: Version | undefined;
      /** Whether there was no entry before; false for deletes. */
      readonly isCreated: boolean;
      readonly expiresAt: number | undefined;
    }
  | {
      readonly status: 'rejected';
      readonly code: ProblemCode;
      /** The version that stood instead of the expected one; undefined when there was no entry. */
      readonly currentVersion: Version | undefined;
    }
  | { readonly status: 'failed'; readonly code: ProblemCode };

/** A row of the operations log. */
export interface OperationRecord {
  readonly id: OperationId;
  /** Undefined when only the id was known: a settled or undecodable operation. */
  readonly action: 'put' | 'delete' | undefined;
  readonly key: Key | undefined;
  readonly outcome: Outcome;
  /** Milliseconds since 1970 by the database's clock. */
  readonly settledAt: number;
}

/** The first outcome reached under an Idempotency-Key. */
export interface IdempotencyRecord {
  readonly fingerprint: string;
  readonly outcome: Outcome;
}
