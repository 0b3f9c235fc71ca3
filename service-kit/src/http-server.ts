import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { StrataError } from '@stratakv/core';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { watchAllowedMethods } from './allowed-methods.ts';
import { answerClientError } from './client-error.ts';
import { type HealthChecks, registerHealth } from './health.ts';
import { registerHealthMetrics } from './health-metrics.ts';
import { type Logger, logKey } from './logger.ts';
import { type Metrics, registerMetrics } from './metrics.ts';
import { problemAnswer } from './problem.ts';
import { answerError, installProblemHandlers } from './problem-handlers.ts';
import { createRequestIds } from './request-id.ts';
import { traceIdOf } from './trace-id.ts';
import { socketClosed } from './unix-socket.ts';
import { closeUnusedConnections, watchUnusedConnections } from './unused-connections.ts';

export interface HttpServerOptions {
  readonly logger: Logger;
  /** Served at /healthz and /readyz when given. */
  readonly health?: HealthChecks;
  /** Served at /metrics when given, what `health` says included. */
  readonly metrics?: Metrics;
  /** Bytes a body may have; 1 MiB by default. */
  readonly bodyLimitBytes?: number;
  /** Time for a whole request to arrive; 30,000 by default. */
  readonly requestTimeoutMs?: number;
  /** Time for the request line and headers to arrive; 10,000 by default. */
  readonly headersTimeoutMs?: number;
  /** Requests that take longer are logged; 1,000 by default. */
  readonly slowMs?: number;
  /** Changes the URL before routing. */
  readonly rewriteUrl?: (request: IncomingMessage) => string;
}

/** Longer than the 60 s a client may wait for an answer, during which nothing moves on its connection. */
const connectionTimeoutMs = 90_000;

/**
 * Makes a Fastify app with the house limits, ids, errors, health and metrics. It does not listen.
 *
 * `request.log` and `app.log` are silent: a child logger a request is work on the fast path. Log with your own logger.
 * End it with `closeHttpServer`.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { logger, health, metrics, rewriteUrl } = options;
  const requestIds = createRequestIds();
  const phase: Phase = { isClosing: false };
  const app: FastifyInstance = fastify({
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    keepAliveTimeout: 72_000,
    connectionTimeout: connectionTimeoutMs,
    http: {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
      // Node's own refusal has no body; hostMistake() says what is wrong.
      requireHostHeader: false,
      ServerResponse: closingResponse(phase),
    },
    routerOptions: { maxParamLength: 2048 },
    exposeHeadRoutes: true,
    // Fastify's 503 is not a problem document. A request that still comes is served, with `Connection: close`.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true }),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    trustProxy: false,
    genReqId: requestIds.of,
    frameworkErrors: (error, request, reply) => {
      answerError(logger, error, request, reply);
      // No hook runs for what the router refuses.
      metrics?.observeRequest(undefined, request.method, reply.statusCode, 0);
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, requestIds.next),
    ...(rewriteUrl === undefined ? {} : { rewriteUrl }),
  });
  app.addHook('preClose', (done) => {
    phase.isClosing = true;
    done();
  });
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    refuseExpectation(response, requestIds.of(request));
  });
  watchUnusedConnections(app.server);
  installRequestHooks(app, options);
  installProblemHandlers(app, { logger, allowedMethods: watchAllowedMethods(app) });
  if (health !== undefined) registerHealth(app, health);
  if (metrics !== undefined) registerMetrics(app, metrics);
  if (health !== undefined && metrics !== undefined) registerHealthMetrics(metrics, health);
  return app;
}

/**
 * Stops listening, lets the requests under way finish, and cuts what is left after `graceMs` (5,000 by default): a
 * request that never ends would otherwise hold the close for ever. Connections that never sent one are cut at once.
 */
export async function closeHttpServer(app: FastifyInstance, graceMs = 5000): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    const closing = app.close();
    closeUnusedConnections(app.server);
    await closing;
    await socketClosed(app.server);
  } finally {
    clearTimeout(timer);
  }
}

type HeadFields = OutgoingHttpHeaders | OutgoingHttpHeader[];

interface Phase {
  isClosing: boolean;
}

/**
 * The answers to requests that were under way when closing began say `Connection: close` too. Fastify says it only for
 * those that come later, and without it a kept-alive connection holds the close for 72 s.
 */
function closingResponse(phase: Phase): typeof ServerResponse {
  return class ClosingResponse<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, message?: string | HeadFields, fields?: HeadFields): this {
      if (phase.isClosing) this.shouldKeepAlive = false;
      // Spelt out, because rest arguments would cost every answer an array.
      return typeof message === 'string'
        ? super.writeHead(status, message, fields)
        : super.writeHead(status, message ?? fields);
    }
  };
}

/** The only work a request costs here: its id, the Host check, one observation. 0.7 to 1.1 µs of CPU, most of it what Fastify needs to run two hooks at all (measured). */
function installRequestHooks(app: FastifyInstance, { logger, metrics, slowMs = 1000 }: HttpServerOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const mistake = hostMistake(request.raw);
    if (mistake === undefined) done();
    else done(new StrataError('invalid-header', mistake));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode;
    const durationMs = reply.elapsedTime;
    const route = request.routeOptions.url;
    metrics?.observeRequest(route, request.method, status, durationMs / 1000);
    // 504 is what a client asked for with only-if-cached. Whoever probes /readyz asks again and again.
    const isFailed = status >= 500 && status !== 504 && route !== '/readyz';
    if (durationMs >= slowMs || isFailed) {
      const path = logKey(request.originalUrl.split('?', 1)[0] ?? '');
      const rounded = Math.round(durationMs * 1000) / 1000;
      const traceId = traceIdOf(request.raw);
      const fields = {
        requestId: request.id,
        traceId,
        method: request.method,
        route,
        path,
        status,
        durationMs: rounded,
      };
      logger.info(fields, isFailed ? 'request failed' : 'request was slow');
    }
    done();
  });
}

/** RFC 9112 §3.2: a server MUST refuse a request without Host (HTTP/1.1) or with several. */
function hostMistake({ rawHeaders, httpVersionMinor }: IncomingMessage): string | undefined {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1) return undefined;
  if (hosts > 1) return 'There are several Host headers.';
  return httpVersionMinor === 0 ? undefined : 'There is no Host header.';
}

/** RFC 9110 §10.1.1: an expectation other than 100-continue may be answered with 417. */
function refuseExpectation(response: ServerResponse, requestId: string): void {
  const error = new StrataError('invalid-header', 'Expect may only be 100-continue.');
  const { status, headers, body } = problemAnswer(error, requestId, 417);
  response.writeHead(status, { ...headers, 'content-length': body.length, connection: 'close' });
  response.end(body);
}
