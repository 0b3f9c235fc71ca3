import { problemKinds, type StrataError } from '@stratakv/core';
import type { FastifyReply } from 'fastify';

/** An error as an HTTP answer. */
export interface ProblemAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON with a newline at the end. */
  readonly body: Buffer;
}

/** Statuses that RFC 9110 §10.2.3 and RFC 6585 §4 let carry `Retry-After`, as far as the problem table has them. */
const retryAfterStatuses: ReadonlySet<number> = new Set([429, 503, 507]);

/**
 * Turns an error into `application/problem+json` (RFC 9457).
 *
 * Body: `{type, title, status, detail, instance, key?, currentVersion?, operation?, retryable}`. Headers: `Allow` and
 * `Retry-After` (1 s unless the error says more) where they apply; never cached, never sniffed.
 *
 * @param requestId becomes `instance`
 * @param status instead of the one in the problem table; only for the few HTTP errors that have no row there
 */
export function problemAnswer(error: StrataError, requestId: string, status?: number): ProblemAnswer {
  const kind = problemKinds[error.code];
  const { allow, retryAfterSeconds = 1 } = error.extensions;
  const sentStatus = status ?? kind.status;
  const body = Buffer.from(`${JSON.stringify(problemDocument(error, requestId, sentStatus))}\n`);
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
  if (allow !== undefined) headers.allow = allow.join(', ');
  if (kind.retryable && retryAfterStatuses.has(sentStatus)) headers['retry-after'] = String(retryAfterSeconds);
  return { status: sentStatus, headers, body };
}

/** The members of a problem document. Also for problems inside other documents, such as a receipt. */
export function problemDocument(error: StrataError, instance: string, status?: number): object {
  const kind = problemKinds[error.code];
  const { key, currentVersion, operation } = error.extensions;
  return {
    type: `urn:stratakv:problem:${error.code}`,
    title: kind.title,
    status: status ?? kind.status,
    detail: error.message,
    instance,
    key,
    currentVersion,
    operation,
    retryable: kind.retryable,
  };
}

/** Answers a request with an error. A HEAD request gets the headers alone. */
export function sendProblem(reply: FastifyReply, error: StrataError, requestId: string, status?: number): FastifyReply {
  const answer = problemAnswer(error, requestId, status);
  // A Buffer, because Fastify adds a charset to JSON strings and this media type has none.
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}
