import {
  InProcessEntryCache,
  InProcessOutcomeFeed,
  InProcessPartitionLock,
  systemClock,
} from '@stratakv/adapter-in-process';
import { openSqliteStore } from '@stratakv/adapter-sqlite';
import { startConsumer } from '@stratakv/consumer';
import { defaultPartitionCount } from '@stratakv/core';
import { buildGateway } from '@stratakv/gateway';
import {
  closeHttpServer,
  createLogger,
  createMetrics,
  HealthChecks,
  keepMode,
  Lifecycle,
  type Logger,
  prepareDataFolder,
} from '@stratakv/service-kit';
import { createStorage } from '@stratakv/storage-node';
import type { FastifyInstance } from 'fastify';
import type { EmbeddedConfig } from './config.ts';
import { readOptions } from './options.ts';
import { asStartError } from './start-error.ts';

/** Settings by property name; what is left out has its default. The log is silent unless `logLevel` says otherwise. */
export interface EmbeddedOptions extends Partial<EmbeddedConfig> {
  readonly logger?: Logger;
}

/** A store that is running in this process. */
export interface Embedded {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops taking requests, finishes those under way, closes the data. Never rejects; at most 10 s. */
  close(): Promise<void>;
}

/**
 * Starts the whole store in this process: gateway, consumer and storage node over SQLite.
 *
 * @throws OptionsError before anything is opened; StartError with what to do about it, and what it opened is closed again
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const config = readOptions(options);
  const logger =
    options.logger ?? createLogger({ service: 'embedded', level: config.logLevel, format: config.logFormat });
  const lifecycle = new Lifecycle({ logger });
  try {
    const app = await assemble(config, logger, lifecycle);
    const url = await app.listen({ port: config.port, host: config.bind });
    return {
      url,
      close: async () => {
        await lifecycle.close();
      },
    };
  } catch (error) {
    await lifecycle.close();
    throw asStartError(error, config);
  }
}

/** Opens the parts in the order they need one another; they close in reverse, the HTTP server first. */
async function assemble(config: EmbeddedConfig, logger: Logger, lifecycle: Lifecycle): Promise<FastifyInstance> {
  const { dataDir, cacheBytes, cacheTtlMs, staleMaxMs } = config;
  const clock = systemClock;
  const metrics = createMetrics({ service: 'embedded' });
  const health = new HealthChecks();

  const isInstalled = prepareDataFolder(dataDir, 'embedded');
  const sqlite = await openSqliteStore({
    folder: dataDir,
    clock,
    partitionCount: defaultPartitionCount,
    retentionMs: config.operationRetentionSeconds * 1000,
    maxQueueBytes: config.maxQueueBytes,
    maxBytes: config.maxDataBytes,
    pageCacheBytes: config.pageCacheBytes,
    isInstalled,
    onDamage: (detail) => {
      logger.error({ dataDir }, `No more writes are taken. ${detail}`);
    },
  });
  lifecycle.push('database', () => sqlite.close());
  if (!isInstalled) keepMode(dataDir, 'embedded');
  const { queue, reader, store, installation } = sqlite;
  const { partitionCount, secret } = installation;

  const cache = new InProcessEntryCache({ clock, maxBytes: cacheBytes, freshMs: cacheTtlMs, staleMaxMs });
  const outcomes = new InProcessOutcomeFeed();
  const lock = new InProcessPartitionLock();
  const common = { cache, clock, logger, metrics };

  const consumer = startConsumer({ ...common, queue, store, lock, outcomes, partitionCount, name: 'embedded' });
  lifecycle.push('consumer', () => consumer.close());

  health.register({
    name: 'consumer',
    kind: 'required',
    check: async () => {
      const served = consumer.partitions.length;
      if (served < partitionCount) throw new Error(`${served} of ${partitionCount} partitions are served.`);
      return undefined;
    },
  });

  const storage = createStorage({ ...common, reader, settings: { freshMs: cacheTtlMs } });
  const secrets = [secret] as const;
  const app = await buildGateway({
    queue,
    storage,
    outcomes,
    clock,
    partitionCount,
    secrets,
    notBefore: () => sqlite.logHorizon(),
    config,
    logger,
    metrics,
    health,
  });
  lifecycle.push('gateway', () => closeHttpServer(app));
  lifecycle.push('readiness', () => health.drain());
  return app;
}
