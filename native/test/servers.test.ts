import { equal, match, notEqual, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../src/launch.ts';
import { descendantsOf, processIdentity } from '../src/process-tree.ts';
import { findProgram } from '../src/program.ts';
import { redisAnswers } from '../src/servers/redis-answers.ts';
import { startPostgres, startRabbitMq, startRedis, startSentinelSet } from '../src/testing/index.ts';

test('PostgreSQL keeps what is committed over a kill, and takes passwords only', async () => {
  const postgres = await startPostgres({ fsync: true });
  after(() => postgres.close());
  const url = await postgres.createDatabase();
  await query(url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)');
  await postgres.process.kill();
  await postgres.process.start();
  equal(await query(url, 'SELECT n FROM kept'), '42');
  await postgres.process.stop();
  equal((await postgres.process.exited).code, 0);
  await postgres.process.start();
  equal(await query(url, 'SELECT n FROM kept'), '42');
  match(await query(url.replace(/:[0-9a-f]+@/, ':wrong@'), 'SELECT 1').catch((error) => error.message), /password/);
  match(await query(url.replace('stratakv:', 'postgres:'), 'SELECT 1').catch((error) => error.message), /no pg_hba/);
});

test('a frozen PostgreSQL stands still in its open sessions too', async () => {
  const postgres = await startPostgres();
  after(() => postgres.close());
  const session = query(postgres.url, 'SELECT pg_sleep(0.3), 7');
  await sleep(100);
  postgres.process.freeze();
  equal(await Promise.race([session, sleep(600, 'frozen')]), 'frozen');
  postgres.process.thaw();
  equal(await session, '|7');
});

test('Redis answers with its policy after a kill; Sentinel makes a replica the master', async () => {
  const [redis, set] = await Promise.all([startRedis({ maxMemoryPolicy: 'noeviction' }), startSentinelSet()]);
  after(() => Promise.all([redis.close(), set.close()]));
  await redis.process.kill();
  await redis.process.start();
  ok(await redisAnswers(redis, 'CONFIG GET maxmemory-policy', (text) => text.includes('noeviction')));

  const [master] = set.redisProcesses;
  await master?.kill();
  const sentinel = { port: Number(set.sentinels.split(/[:,]/)[1]), password: set.password };
  const question = `SENTINEL get-master-addr-by-name ${set.master}`;
  const isOther = (text: string) => /\r\n\d{5}\r\n/.test(text) && !text.includes(`${set.redisPorts[0]}`);
  const deadline = Date.now() + 10_000;
  while (!(await redisAnswers(sentinel, question, isOther))) {
    ok(Date.now() < deadline, 'no new master');
    await sleep(50);
  }
});

test('RabbitMQ comes back after a kill and a stop', async () => {
  const { nodes, close, url } = await startRabbitMq();
  after(close);
  const [node] = nodes;
  ok(node);
  match(url, /^amqp:\/\/stratakv:[0-9a-f]{32}@127\.0\.0\.1:\d+$/);
  await node.kill();
  await node.start();
  await node.stop();
  equal((await node.exited).code, 0);
});

test('all servers and their files go with a test that is killed', async () => {
  const file = fileURLToPath(new URL('./started-servers.ts', import.meta.url));
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const folders: string[] = JSON.parse(line.toString());
    const family = descendantsOf(child.pid ?? 0).map((pid) => ({ pid, identity: processIdentity(pid) }));
    ok(family.length > 10, `${family.length} processes`);
    child.kill(signal);
    await once(child, 'exit');
    const isAlive = ({ pid, identity }: (typeof family)[number]) =>
      identity !== undefined && processIdentity(pid) === identity;
    for (const deadline = Date.now() + 10_000; family.some(isAlive); await sleep(20)) {
      ok(Date.now() < deadline, `still there: ${family.filter(isAlive).map(({ pid }) => pid)}`);
    }
    // The kernel ends processes, not files: those of a killed test go when the next one starts.
    if (signal === 'SIGKILL') await (await startRedis()).close();
    notEqual(folders.length, 0);
    for (const folder of folders) ok(!existsSync(folder), folder);
  }
});

async function query(url: string, sql: string): Promise<string> {
  const args = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '-c', sql, url];
  return (await runToEnd(findProgram('psql'), { args })).trim();
}
