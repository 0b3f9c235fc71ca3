import {
  allocateYoung,
  createLogger,
  exitOnConfigError,
  Lifecycle,
  readConfig,
  StartError,
} from '@stratakv/service-kit';
import { embeddedSettings } from './config.ts';
import { startEmbedded } from './start.ts';

// The database holds all values and the secret: in a folder that was there before, too, it is for its owner alone.
process.umask(0o077);

allocateYoung();
const config = exitOnConfigError(() => readConfig(embeddedSettings, process.env));
const logger = createLogger({ service: 'embedded', level: config.logLevel, format: config.logFormat });
const lifecycle = new Lifecycle({ logger });
lifecycle.onSignals();

try {
  const store = await startEmbedded({ ...config, logger });
  lifecycle.push('store', () => store.close());
  logger.info({ url: store.url, dataDir: config.dataDir }, 'ready');
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  logger.debug({ err: error }, 'not started');
  process.stderr.write(`StrataKV did not start. ${error.message} ${error.advice}\n`);
  process.exitCode = 1;
}
