import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, startPostgres, startRedis } from '@stratakv/native/testing';

const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const [postgres, redis] = await Promise.all([startPostgres({ fsync: false }), startRedis()]);
after(() => Promise.all([postgres.close(), redis.close()]));

test('a consumer that is told to stop while it waits for its broker ends cleanly', async () => {
  const env = {
    ...process.env,
    NODE_TEST_CONTEXT: '',
    LOG_FORMAT: 'json',
    KV_CONSUMER_PORT: '0',
    KV_DATABASE_URL: await postgres.createDatabase(),
    KV_REDIS_URL: redis.url,
    KV_LOCK_REDIS_URLS: redis.url,
    KV_RABBITMQ_URL: `amqp://nobody:nothing@127.0.0.1:${await freePort()}`,
  };
  const child = spawn(process.execPath, [mainFile], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes('broker: connect-failed')) waiting.resolve();
  });
  const exited = once(child, 'exit');
  await Promise.race([waiting.promise, exited]);
  child.kill('SIGTERM');
  const [code] = await exited;
  assert.equal(code, 0, lines.join('\n'));
  assert.ok(!lines.some((line) => line.includes('"fatal"')), lines.join('\n'));
});
