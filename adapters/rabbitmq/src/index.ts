export { type BrokerOptions, type LinkState, RabbitMqBroker } from './broker.ts';
export type { BrokerEvent, LinkName, OnBrokerEvent } from './broker-event.ts';
export { readDeadLetters, type StoredDeadLetter } from './dead-letters.ts';
export { RabbitMqOperationQueue, type RabbitMqQueueOptions } from './operation-queue.ts';
export { RabbitMqOutcomeFeed } from './outcome-feed.ts';
export { checkTopology, declareTopology, TopologyMismatch, type TopologyOptions, topologyOf } from './topology.ts';
export type { TopologyRole } from './topology-watch.ts';
