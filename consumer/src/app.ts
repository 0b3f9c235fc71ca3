import type { EntryCache, EntryStore, OperationQueue, PartitionLock } from '@stratakv/core';
import { createHttpServer, type HealthChecks, type Logger, type Metrics } from '@stratakv/service-kit';
import type { FastifyInstance } from 'fastify';

export interface ConsumerAppDeps {
  readonly queue: Pick<OperationQueue, 'check'>;
  readonly store: Pick<EntryStore, 'check'>;
  readonly cache: Pick<EntryCache, 'check'>;
  readonly lock: Pick<PartitionLock, 'check'>;
  readonly logger: Logger;
  readonly health: HealthChecks;
  readonly metrics: Metrics;
}

/**
 * Builds the HTTP server of a consumer: /healthz, /readyz and /metrics. Without its queue or its database it is not
 * ready, without its cache or its lock service degraded. It does not listen; end it with `closeHttpServer`.
 */
export function buildConsumer({
  queue,
  store,
  cache,
  lock,
  logger,
  health,
  metrics,
}: ConsumerAppDeps): FastifyInstance {
  const required = { queue, store };
  const degrading = { cache, lock };
  for (const [name, port] of Object.entries(required)) {
    health.register({ name, kind: 'required', check: () => port.check().then(() => undefined) });
  }
  for (const [name, port] of Object.entries(degrading)) {
    health.register({ name, kind: 'degrading', check: () => port.check().then(() => undefined) });
  }
  return createHttpServer({ logger, health, metrics });
}
