import { systemClock } from '@stratakv/adapter-in-process';
import { connectRedisCache } from '@stratakv/adapter-redis';
import { openSqlReader } from '@stratakv/adapter-sql';
import {
  allocateYoung,
  cacheObserver,
  closeHttpServer,
  collectByGrowth,
  createLogger,
  createMetrics,
  databaseObserver,
  exitOnConfigError,
  HealthChecks,
  Lifecycle,
  observePool,
  readConfig,
  redisAddressOf,
  serverEventLog,
} from '@stratakv/service-kit';
import { buildStorageNode } from './app.ts';
import { CacheAudit } from './cache-audit.ts';
import { CacheAuditMetrics } from './cache-audit-metrics.ts';
import { storageNodeProcessSettings } from './process-config.ts';
import { createStorage } from './storage.ts';

allocateYoung();
collectByGrowth();
const config = exitOnConfigError(() => readConfig(storageNodeProcessSettings, process.env));
const cacheAddress = exitOnConfigError(() => redisAddressOf(config));
const { prefix, freshMs, staleMaxMs, maxValueBytes } = config;
const clock = systemClock;
const logger = createLogger({ service: 'storage-node', level: config.logLevel, format: config.logFormat });
const metrics = createMetrics({ service: 'storage-node' });
const health = new HealthChecks();
const lifecycle = new Lifecycle({ logger });
lifecycle.onSignals();

// Neither server has to be there yet: without the cache reads go round it, without the database they are answered 503.
const reader = openSqlReader({
  url: config.databaseUrl,
  maxConnections: config.databaseConnections,
  applicationName: 'stratakv storage node',
  observer: databaseObserver(metrics, serverEventLog(logger, 'database')),
});
lifecycle.push('database', () => reader.close());
observePool(metrics, () => reader.poolStats);

const cache = await connectRedisCache({
  server: cacheAddress,
  clock,
  prefix,
  freshMs,
  staleMaxMs,
  maxValueBytes,
  onEvent: cacheObserver(metrics, serverEventLog(logger, 'cache')),
});
lifecycle.push('cache', () => cache.close());

const storage = createStorage({ reader, cache, clock, logger, metrics, settings: config });
const audit = new CacheAudit({
  sample: (limit) => cache.sample(limit, freshMs),
  cache,
  reader,
  clock,
  logger,
  metrics: new CacheAuditMetrics(metrics),
  freshMs,
  everyMs: config.auditEveryMs,
  sampleKeys: config.auditKeys,
});
lifecycle.push('audit', () => audit.close());

const app = buildStorageNode({ storage, cache, clock, logger, health, metrics });
lifecycle.push('http', () => closeHttpServer(app));
lifecycle.push('readiness', () => health.drain());
const url = await app.listen({ port: config.port, host: config.bind });
logger.info({ url }, 'listening');
