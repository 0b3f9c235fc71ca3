import { hostname } from 'node:os';
import { systemClock } from '@stratakv/adapter-in-process';
import { RabbitMqBroker, RabbitMqOperationQueue, RabbitMqOutcomeFeed } from '@stratakv/adapter-rabbitmq';
import {
  allocateYoung,
  closeHttpServer,
  collectByGrowth,
  createLogger,
  createMetrics,
  exitOnConfigError,
  HealthChecks,
  Lifecycle,
  listenOnSocket,
  observeQueue,
  readConfig,
  serverEventLog,
} from '@stratakv/service-kit';
import { buildGateway } from './app.ts';
import { InstallationWatch } from './installation-watch.ts';
import { gatewayProcessSettings } from './process-config.ts';
import { StorageClient } from './storage/storage-client.ts';
import { observeStorage } from './storage-metrics.ts';

allocateYoung();
collectByGrowth();
const config = exitOnConfigError(() => readConfig(gatewayProcessSettings, process.env));
const { partitionCount, prefix } = config;
const clock = systemClock;
const logger = createLogger({ service: 'gateway', level: config.logLevel, format: config.logFormat });
const metrics = createMetrics({ service: 'gateway' });
const health = new HealthChecks();
const lifecycle = new Lifecycle({ logger });
lifecycle.onSignals();

// The broker and the storage nodes may come up later: until then requests are answered with what is missing.
const clientName = `gateway ${hostname()}`;
const onEvent = serverEventLog(logger, 'broker');
const broker = new RabbitMqBroker({ urls: config.rabbitmqUrls.join(','), clientName, onEvent });
lifecycle.push('broker', () => broker.close());
const queue = new RabbitMqOperationQueue(broker, { prefix, partitionCount, topology: 'check' });
lifecycle.push('queue', () => queue.close());
const outcomes = new RabbitMqOutcomeFeed(broker, { prefix });
lifecycle.push('outcomes', () => outcomes.close());
observeQueue(metrics, () => ({
  isConnected: broker.state.publishing !== 'connecting',
  isBlocked: broker.state.publishing === 'blocked',
}));

let storage: StorageClient | undefined;
const observe = observeStorage(metrics, () => storage?.nodes);
storage = await StorageClient.open({
  urls: config.storageUrls,
  clock,
  logger,
  observe,
  timeoutMs: config.readTimeoutMs,
  firstAnswerMs: 1000,
  maxConnections: 64,
  connectTimeoutMs: 1000,
  lookupEveryMs: 5000,
  probeEveryMs: 500,
});
lifecycle.push('storage', () => storage.close());

const installation = new InstallationWatch({
  storage,
  clock,
  logger,
  partitionCount,
  everyMs: 10_000,
  onMismatch: (message) => {
    // Its writes would go to the wrong partitions: nothing is better than that.
    logger.fatal(message);
    process.exit(1);
  },
});
lifecycle.push('installation', () => installation.close());

const encoder = new TextEncoder();
const previous = config.previousSecret === undefined ? [] : [encoder.encode(config.previousSecret)];
const app = await buildGateway({
  queue,
  storage,
  outcomes,
  clock,
  parallelReads: () => storage.nodes.known - storage.nodes.suspect,
  partitionCount,
  secrets: [encoder.encode(config.secret), ...previous],
  notBefore: () => installation.logHorizon,
  config,
  logger,
  metrics,
  health,
});
lifecycle.push('http', () => closeHttpServer(app));
lifecycle.push('readiness', async () => {
  health.drain();
  await clock.sleep(config.drainMs);
});
const url = await app.listen({ port: config.port, host: config.bind });
if (config.socket !== undefined) await listenOnSocket(app, config.socket);
logger.info({ url }, 'listening');
