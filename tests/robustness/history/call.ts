/*
 * What a client notes of one request: what it sent, when, and what came back. Plain data, so that a history can be
 * written to a file by one program and judged by another. Times are milliseconds, with a fraction, on the one monotonic
 * clock of the recording process, unless "since 1970" is said.
 */

export type WriteCondition =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' };

/** How fresh the answer must be, as the request's `Cache-Control` says it. */
export type ReadLevel =
  | { readonly kind: 'cached' | 'no-cache' | 'only-if-cached' }
  | { readonly kind: 'max-age' | 'stale-if-error'; readonly seconds: number };

interface Written {
  readonly key: string;
  readonly condition?: WriteCondition | undefined;
  readonly idempotencyKey?: string | undefined;
  /** `Prefer: wait`. */
  readonly waitSeconds?: number | undefined;
}

export interface PutRequest extends Written {
  readonly kind: 'put';
  /** Unique over the run, except that attempts under one Idempotency-Key share theirs. */
  readonly value: string;
  readonly ttlSeconds?: number | undefined;
}

export interface DeleteRequest extends Written {
  readonly kind: 'delete';
}

export type WriteRequest = PutRequest | DeleteRequest;

export interface GetRequest {
  readonly kind: 'get';
  readonly key: string;
  readonly level: ReadLevel;
  /** Ids of operations, sent as `Sync-Token`. */
  readonly syncTokens?: readonly string[] | undefined;
  readonly waitSeconds?: number | undefined;
}

export interface ListRequest {
  readonly kind: 'list';
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  readonly limit?: number | undefined;
  /** As the page before named it in `next`. */
  readonly cursor?: string | undefined;
  readonly syncTokens?: readonly string[] | undefined;
  readonly waitSeconds?: number | undefined;
}

/** `GET /operations/ID`. */
export interface OperationRequest {
  readonly kind: 'operation';
  readonly id: string;
  readonly waitSeconds?: number | undefined;
}

export type Request = WriteRequest | GetRequest | ListRequest | OperationRequest;

export type RequestKind = Request['kind'];

/** What `GET /operations/ID` told. */
export interface Receipt {
  readonly id: string;
  readonly status: 'queued' | 'applied' | 'rejected' | 'failed';
  readonly action?: 'put' | 'delete' | undefined;
  readonly key?: string | undefined;
  /** Absent for the delete of an absent key. */
  readonly version?: number | undefined;
  /** Of a put that was applied. */
  readonly created?: boolean | undefined;
  /** Milliseconds since 1970, as the two below. */
  readonly expiresAt?: number | undefined;
  readonly acceptedAt?: number | undefined;
  readonly settledAt?: number | undefined;
  /** Last part of the problem's type. */
  readonly problem?: string | undefined;
  /** Of a `version-mismatch`: what stood instead; absent when there was no entry. */
  readonly currentVersion?: number | undefined;
}

export interface ListedEntry {
  readonly key: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
}

export interface Page {
  readonly entries: readonly ListedEntry[];
  readonly prefixes?: readonly string[] | undefined;
  /** Cursor of the page after; absent on the last one. */
  readonly next?: string | undefined;
}

export interface Answer {
  readonly status: number;
  /** Last part of the problem's type, for a problem. */
  readonly problem?: string | undefined;
  /** Of a `version-mismatch`: what stood instead; absent when there was no entry. */
  readonly currentVersion?: number | undefined;
  readonly value?: string | undefined;
  /** From the ETag. */
  readonly version?: number | undefined;
  /** `Age`, whole seconds. */
  readonly ageSeconds?: number | undefined;
  /** `KV-Expires`, milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
  /** Id of the operation that the answer names, whether as Sync-Token, Link, Location or in a problem. */
  readonly operation?: string | undefined;
  /** Of an operation that was asked for. */
  readonly receipt?: Receipt | undefined;
  readonly page?: Page | undefined;
}

/** How a client came to have no answer. */
export type Loss = 'timeout' | 'reset' | 'hung-up';

export type Result =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'lost'; readonly how: Loss };

export interface Call<Sent extends Request = Request> {
  /** Unique in the run. */
  readonly number: number;
  readonly client: string;
  readonly request: Sent;
  readonly startedAt: number;
  /** When the whole answer was there, or when the client gave up. */
  readonly endedAt: number;
  readonly result: Result;
}

/** The calls of one kind. */
export function callsOf<Kind extends RequestKind>(
  calls: readonly Call[],
  kind: Kind,
): readonly Call<Extract<Request, { readonly kind: Kind }>>[] {
  return calls.filter((call): call is Call<Extract<Request, { readonly kind: Kind }>> => call.request.kind === kind);
}

export function isWrite(call: Call): call is Call<WriteRequest> {
  return call.request.kind === 'put' || call.request.kind === 'delete';
}

/** The answer, if one came. */
export function answerOf({ result }: Call): Answer | undefined {
  return result.kind === 'answer' ? result.answer : undefined;
}
