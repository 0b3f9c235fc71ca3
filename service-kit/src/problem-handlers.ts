import { type ProblemCode, StrataError } from '@stratakv/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './logger.ts';
import { sendProblem } from './problem.ts';
import { traceIdOf } from './trace-id.ts';

export interface ProblemHandlerOptions {
  readonly logger: Logger;
  /**
   * Methods of a path, percent-encoded and without its query; undefined when nothing is there. Decides between 405 and
   * 404.
   */
  allowedMethods(path: string): readonly string[] | undefined;
}

interface FrameworkProblem {
  readonly code: ProblemCode;
  readonly detail: string;
}

/** What Fastify's own errors mean to a client. */
const frameworkProblems: Readonly<Record<string, FrameworkProblem>> = {
  FST_ERR_BAD_URL: { code: 'invalid-key', detail: 'The path is not valid percent-encoded UTF-8.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'key-too-long', detail: 'A part of the path is too long.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'value-too-large', detail: 'The body is larger than this store accepts.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'invalid-header',
    detail: 'Content-Type is type/subtype, and application/json where JSON is expected.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid-header', detail: 'Content-Length is not the size of the body.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid-query', detail: 'The body is empty, JSON is expected.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid-query', detail: 'The body is not valid JSON.' },
  FST_ERR_HANDLER_TIMEOUT: { code: 'unavailable', detail: 'The request took too long.' },
};

/**
 * Makes every error of an app a problem. StrataErrors are sent as they are, Fastify's own are translated, anything else
 * is logged and answered as `internal` without its message. A path without a route is 404, or 405 with `Allow`.
 */
export function installProblemHandlers(app: FastifyInstance, { logger, allowedMethods }: ProblemHandlerOptions): void {
  app.setErrorHandler((error, request, reply) => {
    // A body that cannot be read matters less than a route that is not there.
    if (request.is404) sendMissing(request, reply);
    else answerError(logger, error, request, reply);
  });
  const sendMissing = (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.raw.url?.split('?', 1)[0] ?? '';
    sendProblem(reply, missingRoute(request.method, allowedMethods(path)), request.id);
  };
  app.setNotFoundHandler(sendMissing);
}

/** Answers with whatever was thrown. Also for Fastify's `frameworkErrors`, which no error handler sees. */
export function answerError(logger: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = asStrataError(error);
  if (problem.code === 'internal')
    logger.error({ err: error, requestId: request.id, traceId: traceIdOf(request.raw) }, 'internal error');
  // After a body that is too large, Fastify closes the connection under the client that is still sending it, and the
  // answer is lost in the reset. Kept open, Node reads the rest and drops it; requestTimeout bounds that.
  if (problem.code === 'value-too-large') reply.removeHeader('connection');
  sendProblem(reply, problem, request.id);
}

function missingRoute(method: string, allow: readonly string[] | undefined): StrataError {
  if (allow === undefined || allow.length === 0) return new StrataError('not-found', 'There is no such path.');
  return new StrataError('method-not-allowed', `${method} is not allowed here.`, { extensions: { allow } });
}

function asStrataError(error: unknown): StrataError {
  if (error instanceof StrataError) return error;
  if (error instanceof Error) {
    const code = 'code' in error ? String(error.code) : '';
    const known = Object.hasOwn(frameworkProblems, code) ? frameworkProblems[code] : undefined;
    if (known !== undefined) return new StrataError(known.code, known.detail, { cause: error });
    if ('validation' in error) return new StrataError('invalid-query', error.message, { cause: error });
    if (isClientFault(error)) return new StrataError('invalid-query', 'The request is not valid.', { cause: error });
  }
  return new StrataError('internal', 'The request was not at fault.', { cause: error });
}

/** Body parsers mark what the client did wrong with a 4xx `statusCode`, also on plain SyntaxErrors. */
function isClientFault(error: Error): boolean {
  return 'statusCode' in error && Number(error.statusCode) >= 400 && Number(error.statusCode) < 500;
}
