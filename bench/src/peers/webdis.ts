import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../../native/src/free-port.ts';
import { answersOk } from '../../../native/src/servers/http-probe.ts';
import { writePrivateFile } from '../../../native/src/servers/private-file.ts';
import { redisSpec } from '../../../native/src/servers/redis.ts';
import { entryKey, entryValue } from '../dataset.ts';
import type { Peer } from './peer.ts';
import { peerProgram } from './programs.ts';
import { type Runner, runningPid } from './runner.ts';

const host = '127.0.0.1';
/** As the distribution's configuration has it. */
const threads = 2;

/** Webdis with a Redis of its own that holds the first `entries` of the benchmark. */
export async function startWebdis(runner: Runner, entries: number, valueBytes: number): Promise<Peer> {
  const folder = join(runner.folder, 'webdis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [redisPort, port] = [await freePort(), await freePort()];
  const password = randomBytes(16).toString('hex');
  const redis = await runner.start(
    redisSpec({ name: 'webdis-redis', folder: join(runner.folder, 'webdis-redis'), port: redisPort, password }),
  );
  await fill({ port: redisPort, password }, entries, valueBytes);
  const file = join(folder, 'webdis.json');
  const webdis = await runner.start({
    name: 'webdis',
    command: peerProgram('webdis'),
    args: [file],
    prepare: () =>
      writePrivateFile(
        file,
        JSON.stringify({
          redis_host: host,
          redis_port: redisPort,
          redis_auth: password,
          http_host: host,
          http_port: port,
          threads,
          daemonize: false,
          verbosity: 0,
          logfile: join(folder, 'webdis.log'),
        }),
      ),
    isReady: () => answersOk(host, port, '/PING'),
  });
  const processes = () => [
    { kind: 'webdis', pid: runningPid(webdis) },
    { kind: 'redis', pid: runningPid(redis) },
  ];
  return { name: 'Webdis', port, processes };
}

async function fill(server: { port: number; password: string }, entries: number, valueBytes: number): Promise<void> {
  const redis = new Redis({ host, ...server });
  try {
    const pairs = Array.from({ length: entries }, (_, index) => [entryKey(index), entryValue(index, valueBytes)]);
    await redis.mset(pairs.flat());
  } finally {
    redis.disconnect();
  }
}
