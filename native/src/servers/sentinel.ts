import { join } from 'node:path';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { probe } from '../tcp-probe.ts';
import { keepPrivateFile } from './private-file.ts';

/** The name Sentinel knows the master by. */
export const sentinelMaster = 'stratakv';

export interface SentinelOptions {
  readonly name: string;
  /** Holds the configuration, where Sentinel keeps what it learns. */
  readonly folder: string;
  readonly port: number;
  /** Of the Redis servers and of Sentinel itself. */
  readonly password: string;
  /** Port of the first master. */
  readonly masterPort: number;
  /** How many Sentinels have to agree that the master is gone. */
  readonly quorum: number;
  /** Ready means that it has found all of these: before that, it cannot agree with others or choose a new master. */
  readonly expected?: { readonly replicas: number; readonly sentinels: number };
}

/** A Redis Sentinel on 127.0.0.1 that takes a master to be down after one second without an answer. */
export function sentinelSpec(options: SentinelOptions): ProcessSpec {
  const { name, folder, port, password } = options;
  const file = join(folder, 'sentinel.conf');
  return {
    name,
    command: findProgram('redis-sentinel'),
    args: [file],
    prepare: () => keepPrivateFile(file, configuration(options)),
    isReady: () => probe(port, `AUTH ${password}\r\nINFO sentinel\r\n`, (text) => knowsAll(text, options)),
  };
}

/** @param info what Sentinel answers to INFO, such as `master0:name=…,status=ok,address=…,slaves=2,sentinels=3` */
function knowsAll(info: string, { expected }: SentinelOptions): boolean {
  const [, replicas, sentinels] = /status=ok,.*slaves=(\d+),sentinels=(\d+)\r\n/.exec(info) ?? [];
  if (replicas === undefined) return false;
  return expected === undefined || (Number(replicas) >= expected.replicas && Number(sentinels) >= expected.sentinels);
}

function configuration({ folder, port, password, masterPort, quorum }: SentinelOptions): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${folder}"`,
    'daemonize no',
    `requirepass ${password}`,
    'sentinel announce-ip 127.0.0.1',
    `sentinel monitor ${sentinelMaster} 127.0.0.1 ${masterPort} ${quorum}`,
    `sentinel auth-pass ${sentinelMaster} ${password}`,
    `sentinel down-after-milliseconds ${sentinelMaster} 1000`,
    `sentinel failover-timeout ${sentinelMaster} 3000`,
    `sentinel parallel-syncs ${sentinelMaster} 1`,
  ];
  return `${lines.join('\n')}\n`;
}
