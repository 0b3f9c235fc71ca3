export { type Consumer, type ConsumerDeps, startConsumer } from './consumer.ts';
export { type ConsumerSettings, defaultConsumerSettings } from './consumer-settings.ts';
