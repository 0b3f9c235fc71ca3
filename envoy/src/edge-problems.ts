import { type ProblemCode, StrataError } from '@stratakv/core';
import { problemDocument } from '@stratakv/service-kit';

/** What a proxy says in place of a gateway. */
export interface EdgeProblem {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
}

/** Seconds; in the time a health check needs, another server has taken over. */
export const retryAfterSeconds = 1;

/** Statuses that RFC 9110 §10.2.3 and RFC 6585 §4 let carry `Retry-After`, as far as proxies use them. */
export function mayRetryLater({ status }: EdgeProblem): boolean {
  return status === 503 || status === 429;
}

/**
 * The errors both proxies make. 502 and 504 are not among them: to a client a part that fails and a part that is silent
 * are the same 503, and 504 says that an entry is not cached.
 */
export const edgeProblems = {
  unavailable: { status: 503, code: 'unavailable', detail: 'No gateway answered. Nothing was written.' },
  outcomeUnknown: {
    status: 503,
    code: 'outcome-unknown',
    detail: 'The connection to the gateway broke before its answer came: whether it took the write is not known.',
  },
  overloaded: { status: 503, code: 'overloaded', detail: 'Too many requests are under way. Nothing was written.' },
  valueTooLarge: { status: 413, code: 'value-too-large', detail: 'The body is larger than this store accepts.' },
  headersTooLarge: { status: 431, code: 'invalid-header', detail: 'The request line and headers are too large.' },
  tooSlow: { status: 408, code: 'invalid-header', detail: 'The request did not arrive in time.' },
  malformed: { status: 400, code: 'invalid-header', detail: 'The request is not valid HTTP/1.1.' },
  internal: { status: 500, code: 'internal', detail: 'The request was not at fault.' },
} as const satisfies Record<string, EdgeProblem>;

/** The problem document (RFC 9457), with the variable of a proxy as its `instance`. */
export function edgeDocument({ status, code, detail }: EdgeProblem, instance: string): object {
  return problemDocument(new StrataError(code, detail), instance, status);
}
