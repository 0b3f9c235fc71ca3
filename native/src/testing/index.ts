export { freePort } from '../free-port.ts';
export type { ManagedProcess } from '../managed-process.ts';
export { signalTree } from '../process-tree.ts';
export { startPostgres, type TestPostgres } from './postgres.ts';
export { startRabbitMq, type TestRabbitMq } from './rabbitmq.ts';
export { startRedis, startSentinelSet, type TestRedis, type TestSentinelSet } from './redis.ts';
