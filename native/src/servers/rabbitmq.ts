import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { probe } from '../tcp-probe.ts';
import { writePrivateFile } from './private-file.ts';

const user = 'stratakv';

/** RabbitMQ's own limit on how long a delivery may stay unacknowledged: a day. A consumer that waits for its database needs it. */
const consumerTimeoutMs = 24 * 3_600_000;

/**
 * After how long a node that has gone silent counts as down for the others, roughly. The default of 60 s leaves the
 * queues that a frozen node led unwritable for that long, for clients that had to leave it (measured on 3.10).
 */
const nodeSilenceSeconds = 10;

/**
 * By default Erlang has a thread for each core, and they spin for a while before they sleep. Here the cores belong to the
 * other processes too: half of the threads, asleep when idle, take a third less CPU for a write (measured on two cores).
 */
const threads = Math.max(1, Math.floor(availableParallelism() / 2));
const sharesCores = `+S ${threads}:${threads} +sbwt none +sbwtdcpu none +sbwtdio none`;

const firstNodeWithinMs = 60_000;

export interface RabbitMqOptions {
  readonly name: string;
  readonly folder: string;
  /** Of AMQP. */
  readonly port: number;
  /** Of Erlang's own protocol between nodes. */
  readonly distributionPort: number;
  /** Of the name server of `epmdSpec`. */
  readonly epmdPort: number;
  /** The cluster's first node, for all but that one: a new node waits until it runs, and joins it. */
  readonly joins?: { readonly name: string; readonly port: number };
  /** The nodes know one another by it. */
  readonly cookie: string;
  /** Of the user `stratakv`. */
  readonly password: string;
}

/** One RabbitMQ node on 127.0.0.1, without plugins. */
export function rabbitMqSpec(options: RabbitMqOptions): ProcessSpec {
  const { name, folder, port, distributionPort, epmdPort, cookie, joins } = options;
  const data = join(folder, 'mnesia');
  return {
    name,
    command: findProgram('rabbitmq-server'),
    args: [],
    cwd: folder,
    env: {
      HOME: folder,
      RABBITMQ_NODENAME: nodeName(name),
      RABBITMQ_DIST_PORT: `${distributionPort}`,
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.config'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: data,
      // Quorum queues keep the path they were made at, and are not found at another. Seen from the folder the path stays the
      // same, also when the folder is moved, or restored somewhere else.
      RABBITMQ_QUORUM_DIR: 'quorum',
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
      ERL_EPMD_PORT: `${epmdPort}`,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      // Neither this node nor the helpers it runs may start a name server of their own: that one would be a daemon.
      ERL_FLAGS: '-start_epmd false',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${sharesCores}`,
      // The script becomes the server instead of its parent.
      RUNNING_UNDER_SYSTEMD: 'true',
    },
    stopWithinMs: 15_000,
    readyWithinMs: 60_000,
    prepare: async () => {
      await writePrivateFile(join(folder, '.erlang.cookie'), cookie);
      await writePrivateFile(join(folder, 'rabbitmq.config'), configuration(options));
      await writePrivateFile(join(folder, 'enabled_plugins'), '[].\n');
      if (joins !== undefined && !existsSync(join(data, nodeName(name), 'schema.DAT'))) await untilRunning(joins);
    },
    // Its port opens when all else is done.
    isReady: () => speaksAmqp(port),
  };
}

/** Erlang's name server. It is nobody's child elsewhere: a node that does not find one starts a daemon that stays. */
export function epmdSpec({ name, port }: { readonly name: string; readonly port: number }): ProcessSpec {
  return {
    name,
    command: findProgram('epmd'),
    args: ['-port', `${port}`, '-address', '127.0.0.1'],
    // The request "names", which it answers with its own port first.
    isReady: () => probe(port, Uint8Array.of(0, 1, 0x6e), (text) => text.length >= 4),
  };
}

/** The URL a client connects with. The password is part of it. */
export function rabbitMqUrl({ port, password }: RabbitMqOptions): string {
  return `amqp://${user}:${password}@127.0.0.1:${port}`;
}

/** It answers a client of another protocol with the one it speaks. */
function speaksAmqp(port: number): Promise<boolean> {
  return probe(port, 'AMQP\0\0\0\0', (text) => text.startsWith('AMQP'));
}

/** @throws Error after a minute */
async function untilRunning({ name, port }: { readonly name: string; readonly port: number }): Promise<void> {
  for (const deadline = performance.now() + firstNodeWithinMs; !(await speaksAmqp(port)); await sleep(100)) {
    if (performance.now() > deadline) throw new Error(`the node ${name}, which is to be joined, does not run`);
  }
}

function nodeName(name: string): string {
  return `${name}@localhost`;
}

/** In Erlang's own terms: the newer format takes RabbitMQ two more seconds to read. */
function configuration({ name, port, joins, password }: RabbitMqOptions): string {
  // With all nodes in every list they would also agree without an order, which takes twice as long.
  const nodes = joins === undefined ? [] : [joins.name, name];
  const quoted = nodes.map((each) => `'${nodeName(each)}'`).join(', ');
  return `[
  {kernel, [{net_ticktime, ${nodeSilenceSeconds}}]},
  {rabbit, [
    {tcp_listeners, [{"127.0.0.1", ${port}}]},
    {default_user, <<"${user}">>},
    {default_pass, <<"${password}">>},
    {heartbeat, 5},
    {consumer_timeout, ${consumerTimeoutMs}},
    {vm_memory_high_watermark, {absolute, "1GB"}},
    {disk_free_limit, "256MB"},
    {cluster_nodes, {[${quoted}], disc}},
    % After a split, or when a node was suspended, this starts the smaller side again. With pause_minority a node that was only
    % suspended goes on with what it knew, and outcomes for gateways that connected meanwhile get lost (measured).
    {cluster_partition_handling, autoheal},
    {log, [{file, [{file, false}]}, {console, [{enabled, true}, {level, info}]}]}
  ]}
].
`;
}
