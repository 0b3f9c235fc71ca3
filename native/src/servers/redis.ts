import { join } from 'node:path';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { keepPrivateFile } from './private-file.ts';
import { redisAnswers } from './redis-answers.ts';

export interface RedisOptions {
  readonly name: string;
  /** Holds the configuration. Removing it is a fresh start: the data is in memory alone. */
  readonly folder: string;
  readonly port: number;
  /** Of clients, of replicas and of Sentinel. */
  readonly password: string;
  /** Default 64. */
  readonly maxMemoryMiB?: number;
  /** `noeviction` for lock nodes: an evicted lock would be given twice. Default `allkeys-lru`. */
  readonly maxMemoryPolicy?: 'allkeys-lru' | 'noeviction';
  /** Port of the master this one follows at first. Default: it is a master. */
  readonly replicaOf?: number;
}

/** A Redis on 127.0.0.1 that keeps nothing on disk. */
export function redisSpec(options: RedisOptions): ProcessSpec {
  const { name, folder } = options;
  const file = join(folder, 'redis.conf');
  return {
    name,
    command: findProgram('redis-server'),
    // It sets its own title, without it.
    args: [file],
    cwd: '/',
    // Sentinel rewrites the file when it makes another one the master, so what is there stays.
    prepare: () => keepPrivateFile(file, configuration(options)),
    isReady: () => redisAnswers(options, 'PING', (text) => text.includes('+PONG')),
  };
}

/** The URL a client connects with. The password is part of it. */
export function redisUrl({ port, password }: RedisOptions): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

function configuration(options: RedisOptions): string {
  const { folder, port, password, maxMemoryMiB = 64, maxMemoryPolicy = 'allkeys-lru', replicaOf } = options;
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${folder}"`,
    'daemonize no',
    'save ""',
    'appendonly no',
    `requirepass ${password}`,
    `masterauth ${password}`,
    `maxmemory ${maxMemoryMiB}mb`,
    `maxmemory-policy ${maxMemoryPolicy}`,
    'replica-announce-ip 127.0.0.1',
    // The copy for a new replica goes from memory to the socket, and is taken from there: the disk has no part in it.
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'repl-diskless-load swapdb',
    'repl-timeout 10',
    ...(replicaOf === undefined ? [] : [`replicaof 127.0.0.1 ${replicaOf}`]),
  ];
  return `${lines.join('\n')}\n`;
}
