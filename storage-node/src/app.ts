import type { Clock, EntryCache, Storage } from '@stratakv/core';
import { createHttpServer, type HealthChecks, type Logger, type Metrics } from '@stratakv/service-kit';
import type { FastifyInstance } from 'fastify';
import { registerWireRoutes } from './wire-routes.ts';

export interface StorageNodeDeps {
  readonly storage: Storage;
  readonly cache: Pick<EntryCache, 'check'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly health: HealthChecks;
  readonly metrics: Metrics;
}

/** Less than a gateway waits for /readyz (900 ms), so that it can say which of them hangs. */
const timeoutMs = 700;

/**
 * Builds the HTTP server of a storage node: the binary routes for gateways, /healthz, /readyz and /metrics. Without its
 * database it is not ready, without its cache degraded. It does not listen; end it with `closeHttpServer`.
 */
export function buildStorageNode({ storage, cache, clock, logger, health, metrics }: StorageNodeDeps): FastifyInstance {
  const checks = [
    { name: 'database', kind: 'required', check: () => storage.check().then(() => undefined) },
    { name: 'cache', kind: 'degrading', check: () => cache.check().then(() => undefined) },
  ] as const;
  for (const check of checks) health.register({ ...check, timeoutMs });
  const app = createHttpServer({ logger, health, metrics });
  registerWireRoutes(app, { storage, clock });
  return app;
}
