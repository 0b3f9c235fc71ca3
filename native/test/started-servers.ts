import { dirname } from 'node:path';
import { startPostgres, startRabbitMq, startRedis } from '../src/testing/index.ts';

// Run by servers.test.ts, which kills it: starts servers, prints their folders as JSON, and stays.
const [postgres, rabbit, redis] = await Promise.all([startPostgres(), startRabbitMq(), startRedis()]);
const logFiles = [postgres.process.logFile, redis.process.logFile, ...rabbit.nodes.map(({ logFile }) => logFile)];
process.stdout.write(JSON.stringify(logFiles.map((file) => dirname(dirname(file)))));
setInterval(() => {}, 60_000);
