import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { keepPrivateFile } from './private-file.ts';
import { redisAnswers } from './redis-answers.ts';

/** The name Sentinel knows the master by. */
export const sentinelMaster = 'stratakv';

// They may also be down, or follow another master by now: then Sentinel finds out by itself.
const replicasFollowWithinMs = 3_000;

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
  /** Ready means that it has found all of these: before that, it can neither agree with others nor choose a new master. */
  readonly expected?: { readonly replicas: number; readonly sentinels: number };
}

/** A Redis Sentinel on 127.0.0.1 that takes a master to be down after one second without an answer. */
export function sentinelSpec(options: SentinelOptions): ProcessSpec {
  const { name, folder } = options;
  const file = join(folder, 'sentinel.conf');
  return {
    name,
    command: findProgram('redis-sentinel'),
    args: [file],
    prepare: async () => {
      await untilReplicasFollow(options);
      await keepPrivateFile(file, configuration(options));
    },
    isReady: () => redisAnswers(options, 'INFO sentinel', (text) => knowsAll(text, options)),
  };
}

/** Sentinel asks a master for its replicas every 10 s only: those that come a moment after the first time are found late. */
async function untilReplicasFollow({ masterPort, password, expected }: SentinelOptions): Promise<void> {
  if (expected === undefined || expected.replicas === 0) return;
  const master = { port: masterPort, password };
  const isWhole = (text: string) => text.includes(`connected_slaves:${expected.replicas}\r\n`);
  const deadline = performance.now() + replicasFollowWithinMs;
  while (performance.now() < deadline && !(await redisAnswers(master, 'INFO replication', isWhole))) await sleep(20);
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
