import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, OperationIds, type OperationQueue, type OutcomeFeed, type Storage } from '@stratakv/core';
import { type Config, createHttpServer, type HealthChecks, type Logger, type Metrics } from '@stratakv/service-kit';
import type { FastifyInstance } from 'fastify';
import { Admission } from './admission.ts';
import type { gatewaySettings } from './config.ts';
import { registerContract } from './contract/register.ts';
import { allowCors } from './cors.ts';
import { registerGatewayMetrics } from './gateway-metrics.ts';
import { OperationLog } from './operation-log.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
import { ReadGatherer } from './read-gatherer.ts';
import { routerUrl } from './request-path.ts';
import { registerBatchGet } from './routes/batch-get.ts';
import { registerEntryList } from './routes/list-entries.ts';
import { registerEntryReads } from './routes/read-entry.ts';
import { registerOperationRead } from './routes/read-operation.ts';
import { registerEntryWrites } from './routes/write-entry.ts';
import { withTimeout } from './timed-storage.ts';
import { WriteLog } from './write-log.ts';
import { WritePublisher } from './write-publisher.ts';

export interface GatewayDeps {
  readonly queue: OperationQueue;
  readonly storage: Storage;
  readonly outcomes: OutcomeFeed;
  readonly clock: Clock;
  /** How many batches of reads the storage works on at once to its profit, now; undefined: any number. */
  readonly parallelReads?: () => number;
  /** Fixed at installation. */
  readonly partitionCount: number;
  /** Operation ids are never made earlier than this, whatever the clock says: milliseconds since 1970. */
  readonly notBefore?: () => number;
  /** Secrets that sign operation ids: the present one, then those still recognised. */
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]];
  readonly config: Config<typeof gatewaySettings>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: HealthChecks;
}

/** How long writes may go on waiting when the gateway stops, milliseconds; less than the grace of `closeHttpServer`. */
const waitsEndAfterMs = 1500;
const maxBatchReads = 128;
const maxMessageOperations = 64;
const maxMessageBytes = 256 * 1024;
/** Below what the queue's adapter takes (64 MiB) before it refuses more. */
const maxBytesUnderWay = 48 * 1024 * 1024;
/** Several times what a confirm takes, and little beside what a broker in trouble takes. */
const holdMs = 100;

/**
 * Makes the public HTTP app of a gateway: it does not listen, and closing it leaves the ports open.
 *
 * @throws what `OutcomeFeed.listen` throws
 */
export async function buildGateway(deps: GatewayDeps): Promise<FastifyInstance> {
  const { queue, storage, clock, config, logger, metrics, health, partitionCount, secrets } = deps;
  const { confirmTimeoutMs } = config;
  const secret = secrets[0];
  const ids = new OperationIds(secrets);
  const admission = new Admission(config);
  const waiters = await OutcomeWaiters.listen(deps.outcomes);
  const { observeMessage } = registerGatewayMetrics(metrics, admission, waiters, queue);
  const limits = { confirmTimeoutMs, maxMessageOperations, maxMessageBytes, holdMs, maxBytesUnderWay };
  const writeLog = new WriteLog(logger, config.logWrites);
  const publisher = new WritePublisher(queue, limits, (message) => {
    observeMessage(message);
    writeLog.note(message);
  });
  const reads = new ReadGatherer(storage, admission, {
    maxBatchReads,
    timeoutMs: config.readTimeoutMs,
    parallelRequests: deps.parallelReads,
  });
  const timed = withTimeout(storage, config.readTimeoutMs);
  const retentionMs = config.operationRetentionSeconds * 1000;
  const settleAfterMs = 2 * confirmTimeoutMs;
  const log = new OperationLog({ storage: timed, waiters, publisher, clock, retentionMs, settleAfterMs });

  health.register({ name: 'queue', kind: 'required', check: () => queue.check().then(() => undefined) });
  health.register({ name: 'storage', kind: 'required', check: () => storage.check().then(() => undefined) });

  const app = createHttpServer({ logger, health, metrics, rewriteUrl: routerUrl });
  deferContinue(app);
  app.addHook('preClose', (done) => {
    // Most waits end by themselves within milliseconds; the others before their connections are cut.
    setTimeout(() => waiters.close(), waitsEndAfterMs).unref();
    done();
  });
  app.addHook('onClose', (_app, done) => {
    writeLog.flush();
    done();
  });
  if (config.corsOrigin !== undefined) await allowCors(app, config.corsOrigin);
  registerEntryReads(app, { reads, log, ids });
  registerEntryList(app, { storage: timed, log, ids, secret });
  registerBatchGet(app, { reads, log, ids });
  registerOperationRead(app, { log, ids });
  registerContract(app);
  await app.register(async (scope) => {
    const { maxValueBytes } = config;
    registerEntryWrites(scope, {
      publisher,
      waiters,
      storage: timed,
      ids,
      partitionCount,
      clock,
      admission,
      maxValueBytes,
      secret,
      notBefore: deps.notBefore ?? (() => 0),
    });
  });
  return app;
}

/**
 * A client that asks before it sends its body (`Expect: 100-continue`) is told to go on only by the handler that wants
 * the body, so that a write which will be refused is refused before the upload.
 */
function deferContinue(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const readsBodyItself = request.method === 'PUT' && routerUrl(request) === '/kv/*';
    if (!readsBodyItself && request.httpVersion === '1.1') response.writeContinue();
    app.server.emit('request', request, response);
  });
}
