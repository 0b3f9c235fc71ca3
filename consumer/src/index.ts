export { buildConsumer, type ConsumerAppDeps } from './app.ts';
export { consumerSettings } from './config.ts';
export { type Consumer, type ConsumerDeps, startConsumer } from './consumer.ts';
export { type ConsumerSettings, defaultConsumerSettings } from './consumer-settings.ts';
export { consumerProcessSettings } from './process-config.ts';
