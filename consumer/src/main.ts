import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '@stratakv/adapter-in-process';
import { RabbitMqBroker, RabbitMqOperationQueue, RabbitMqOutcomeFeed } from '@stratakv/adapter-rabbitmq';
import { connectRedisCache } from '@stratakv/adapter-redis';
import { connectRedlock } from '@stratakv/adapter-redlock';
import { InstallationMismatch, openSqlStore } from '@stratakv/adapter-sql';
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
  lockObserver,
  observeLocks,
  observePool,
  observeQueue,
  readConfig,
  redisAddressOf,
  serverEventLog,
  untilItWorks,
} from '@stratakv/service-kit';
import { buildConsumer } from './app.ts';
import { startConsumer } from './consumer.ts';
import { consumerProcessSettings } from './process-config.ts';

allocateYoung();
collectByGrowth();
const config = exitOnConfigError(() => readConfig(consumerProcessSettings, process.env));
const cacheAddress = exitOnConfigError(() => redisAddressOf(config));
const { partitionCount, prefix, freshMs, staleMaxMs, maxValueBytes, name = randomUUID() } = config;
const clock = systemClock;
const logger = createLogger({ service: 'consumer', level: config.logLevel, format: config.logFormat });
const metrics = createMetrics({ service: 'consumer' });
const health = new HealthChecks();
const lifecycle = new Lifecycle({ logger });
lifecycle.onSignals();

const database = openSqlStore({
  url: config.databaseUrl,
  maxConnections: config.databaseConnections,
  retentionMs: config.operationRetentionSeconds * 1000,
  applicationName: 'stratakv consumer',
  observer: databaseObserver(metrics, serverEventLog(logger, 'database')),
});
lifecycle.push('database', () => database.close());
const { store } = database;
observePool(metrics, () => store.poolStats);

const onBrokerEvent = serverEventLog(logger, 'broker');
const clientName = `consumer ${hostname()}`;
const broker = new RabbitMqBroker({ urls: config.rabbitmqUrls.join(','), clientName, onEvent: onBrokerEvent });
lifecycle.push('broker', () => broker.close());
const outcomes = new RabbitMqOutcomeFeed(broker, { prefix });
lifecycle.push('outcomes', () => outcomes.close());
observeQueue(metrics, () => ({
  isConnected: broker.state.consuming !== 'connecting',
  isBlocked: broker.state.publishing === 'blocked',
}));

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

const onNodeError = lockObserver(serverEventLog(logger, 'locks'));
const lock = await connectRedlock({ urls: config.lockUrls, prefix, onNodeError });
lifecycle.push('lock', () => lock.close());
observeLocks(metrics, () => lock.nodes.filter(({ isAnswering }) => isAnswering).length);

// Health is told before there is anything to be healthy about: whoever waits for this process sees what it waits for.
let queue: RabbitMqOperationQueue | undefined;
const checkQueue = () =>
  queue?.check() ?? Promise.reject(new Error('The queues are declared when the database is there.'));
const app = buildConsumer({ queue: { check: checkQueue }, store, cache, lock, logger, health, metrics });
lifecycle.push('http', () => closeHttpServer(app));
const url = await app.listen({ port: config.port, host: config.bind });
logger.info({ url }, 'listening');

const starting = new AbortController();
lifecycle.push('start', () => starting.abort());
try {
  const isFatal = (error: unknown) => error instanceof InstallationMismatch;
  const wait = { logger, pauseMs: 1000, signal: starting.signal, isFatal };
  await untilItWorks('the database', () => database.ensureInstallation(partitionCount), wait);
  // Only now: the queues of a wrong number of partitions must never be made.
  const maxPartitionBytes = Math.floor(config.maxQueueBytes / partitionCount);
  queue = new RabbitMqOperationQueue(broker, { prefix, partitionCount, topology: 'declare', maxPartitionBytes });
  lifecycle.push('queue', () => queue?.close());
  await queue.ready();
  const ports = { queue, store, cache, lock, outcomes };
  const consumer = startConsumer({ ...ports, clock, logger, metrics, partitionCount, name, settings: config });
  lifecycle.push('consumer', async () => {
    await consumer.close();
    // Before the rest is closed, so that the others take over at once.
    await lock.close();
  });
  lifecycle.push('readiness', () => health.drain());
  logger.info({ name }, 'consuming');
} catch (error) {
  // Told to stop while it waited.
  if (!lifecycle.isClosing) throw error;
}
