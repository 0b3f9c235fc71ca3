/** One row of the problem table: what a client is told about a kind of error. */
export interface ProblemKind {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** Short summary, the same for every occurrence (RFC 9457 §3.1.3). */
  readonly title: string;
}

/**
 * Every error a client can be told about, whatever layer made it. The names are the last part of the
 * problem `type` URI (`urn:stratakv:problem:NAME`) and of its page in docs/problems/.
 */
export const problemKinds = {
  'invalid-key': { status: 400, retryable: false, title: 'The key is not valid' },
  'key-too-long': { status: 414, retryable: false, title: 'The key is longer than 512 bytes' },
  'value-too-large': { status: 413, retryable: false, title: 'The value is larger than this store accepts' },
  'length-required': { status: 411, retryable: false, title: 'A write needs a body of known or chunked length' },
  'invalid-header': { status: 400, retryable: false, title: 'A request header is not valid' },
  'unsupported-condition': { status: 400, retryable: false, title: 'The condition is not supported' },
  'unsupported-encoding': { status: 415, retryable: false, title: 'Values are stored as sent; no encoding is decoded' },
  'invalid-query': { status: 400, retryable: false, title: 'The query or the body of the request is not valid' },
  'invalid-cursor': { status: 400, retryable: false, title: 'The cursor is not one of this list' },
  'invalid-sync-token': { status: 400, retryable: false, title: 'The Sync-Token is not one of ours' },
  'not-found': { status: 404, retryable: false, title: 'There is nothing here' },
  'version-mismatch': { status: 412, retryable: false, title: 'The entry is not at the expected version' },
  'idempotency-conflict': {
    status: 422,
    retryable: false,
    title: 'The Idempotency-Key was used for another request',
  },
  'not-yet-visible': { status: 503, retryable: true, title: 'The write has no outcome yet' },
  'not-accepted': { status: 503, retryable: true, title: 'The write was never accepted and will not be applied' },
  'outcome-unknown': { status: 503, retryable: true, title: 'The write may or may not have been accepted' },
  'not-cached': { status: 504, retryable: true, title: 'The entry is not in the cache' },
  'operation-unknown': { status: 404, retryable: false, title: 'The operation is not one of ours' },
  'operation-gone': { status: 410, retryable: false, title: 'The operation is older than the log' },
  overloaded: { status: 503, retryable: true, title: 'The store has more to do than it can take on' },
  'rate-limited': { status: 429, retryable: true, title: 'Too many requests' },
  unavailable: { status: 503, retryable: true, title: 'A part of the store cannot be reached' },
  'storage-full': { status: 507, retryable: true, title: 'The storage is full' },
  'method-not-allowed': { status: 405, retryable: false, title: 'The method is not allowed here' },
  internal: { status: 500, retryable: false, title: 'The store made a mistake' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemKinds;

/** Members of a problem beyond the standard ones. Absent members are left out of the answer. */
export interface ProblemExtensions {
  readonly key?: string;
  readonly currentVersion?: number;
  /** Path of the operation the problem is about. */
  readonly operation?: string;
  /** Methods the resource takes; sent as `Allow`. */
  readonly allow?: readonly string[];
  /** Whole seconds; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** An error a client may see. Anything else that is thrown is logged and answered as `internal`. */
export class StrataError extends Error {
  readonly code: ProblemCode;
  readonly extensions: ProblemExtensions;

  /**
   * @param code row of `problemKinds`
   * @param detail what is wrong with this very request, for a person; never holds a value or a secret
   */
  constructor(code: ProblemCode, detail: string, options: { cause?: unknown; extensions?: ProblemExtensions } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StrataError';
    this.code = code;
    this.extensions = options.extensions ?? {};
  }
}

/** Reads a code that came over a wire; anything unknown is `internal`. */
export function problemCode(text: string): ProblemCode {
  return Object.hasOwn(problemKinds, text) ? (text as ProblemCode) : 'internal';
}
