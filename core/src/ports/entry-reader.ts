import type { Entry, EntrySummary } from '../entry.ts';
import type { Key } from '../key.ts';
import type { OperationId } from '../operation-id.ts';
import type { OperationRecord } from '../outcome.ts';

/** What to list: keys that start with `prefix`, in byte order, from a position on. */
export interface ScanQuery {
  readonly prefix: string;
  /** Keys that share what follows the prefix up to this are folded into one; undefined: none are. */
  readonly delimiter: string | undefined;
  /** The last key or folded prefix of the page before; undefined: from the start. */
  readonly after: ScanPosition | undefined;
  /** Entries and folded prefixes together, 1 to 1,000. */
  readonly limit: number;
  /** Bound on the size of the page, bytes of JSON. */
  readonly maxBytes: number;
}

/** Where a page ended: after a key, or after everything under a folded prefix. */
export interface ScanPosition {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** One page of a list: a snapshot of the database. May be short, also empty, and still have more after it. */
export interface ScanPage {
  readonly entries: readonly EntrySummary[];
  readonly prefixes: readonly string[];
  /** Where the next page starts; undefined: there is no more. */
  readonly next: ScanPosition | undefined;
}

export interface ReadBatch {
  /** For each key asked for, in order; undefined: absent, deleted or expired by the database's clock. */
  readonly entries: readonly (Entry | undefined)[];
}

/** What the database says of the whole store. */
export interface InstallationState {
  /** P: fixed when the store was installed. */
  readonly partitionCount: number;
  /** Operations made before this may have left the log: milliseconds since 1970. No id may be made behind it. */
  readonly logHorizon: number;
}

/** Reads the database. All methods reject with StrataError `unavailable` when it does not answer. */
export interface EntryReader {
  /** Reads entries in one snapshot that shows every write committed before the call. */
  batchGet(keys: readonly Key[]): Promise<ReadBatch>;
  scan(query: ScanQuery): Promise<ScanPage>;
  /** The log rows of these operations, in order; undefined where there is none. */
  operations(ids: readonly OperationId[]): Promise<readonly (OperationRecord | undefined)[]>;
  /** The fingerprint remembered under an idempotency identity, if any. */
  fingerprint(identity: string): Promise<string | undefined>;
  installation(): Promise<InstallationState>;
  check(): Promise<void>;
  close(): Promise<void>;
}
