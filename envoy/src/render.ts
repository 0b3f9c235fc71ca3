import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HostPort } from '@stratakv/service-kit';
import { accessLog } from './access-log.ts';
import { edgeTimes, envoyTime, type GatewayTimes } from './edge-times.ts';
import { fillTemplate } from './fill-template.ts';
import { type GatewayAddress, isNamed, isSocket } from './host-port.ts';
import { localReplies } from './local-replies.ts';

/** The largest body of `POST /kv:batchGet` a gateway takes. */
export const maxBatchBytes = 4 * 1024 * 1024;

export interface EnvoyOptions extends GatewayTimes {
  /** Where nginx comes. */
  readonly listen: HostPort;
  /** Where Prometheus comes: GET /metrics, GET /readyz. */
  readonly metricsListen: HostPort;
  /** Path of the Unix socket of the admin interface, which Envoy makes; as Envoy sees it. */
  readonly adminSocket: string;
  /** A name may stand for several gateways: all its addresses are used. */
  readonly gateways: readonly GatewayAddress[];
  /** `KV_MAX_VALUE_BYTES`. */
  readonly maxValueBytes: number;
  /** Requests under way at once; as many again may wait for a connection. Default 10,000. */
  readonly requests?: number;
  /** Memory Envoy may use. Default 512 MiB. */
  readonly heapBytes?: number;
  /** `notable`: writes, failures, slow requests, and requests that brought an id. */
  readonly accessLog: 'all' | 'notable' | 'off';
}

/** Every address of every name is a gateway. Docker says that its addresses hold for ten minutes, which is too long. */
const byName = {
  name: 'envoy.clusters.dns',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster',
    dns_refresh_rate: '2s',
    respect_dns_ttl: false,
    dns_lookup_family: 'V4_PREFERRED',
  },
};

/** Of connections to gateways: one that is gone without a word is noticed. Unix sockets have no such thing. */
const keepAlive = { tcp_keepalive: { keepalive_time: 15, keepalive_interval: 5, keepalive_probes: 3 } };

const template = fileURLToPath(new URL('../envoy.yaml.template', import.meta.url));

/** The text of envoy.yaml. */
export function renderEnvoy(options: EnvoyOptions): string {
  const { listen, metricsListen, adminSocket, gateways, maxValueBytes, requests = 10_000 } = options;
  const { envoy: times } = edgeTimes(options);
  return fillTemplate(readFileSync(template, 'utf8'), {
    admin_socket: JSON.stringify(adminSocket),
    listen: JSON.stringify(addressOf(listen)),
    metrics_listen: JSON.stringify(addressOf(metricsListen)),
    discovery: gateways.some(isNamed) ? `cluster_type: ${JSON.stringify(byName)}` : 'type: STATIC',
    gateways: JSON.stringify(gateways.map((gateway) => ({ endpoint: { address: addressOf(gateway) } }))),
    connection_options: gateways.every(isSocket) ? '' : `upstream_connection_options: ${JSON.stringify(keepAlive)}`,
    local_replies: indented(localReplies(), 20),
    access_log: indented(accessLog(options.accessLog), 18),
    body_bytes: Math.max(maxValueBytes, maxBatchBytes),
    stream_idle: envoyTime(times.waitMs + 1000),
    read_hedge: envoyTime(times.readHedgeMs),
    read: envoyTime(times.readMs),
    write: envoyTime(times.writeMs),
    wait: envoyTime(times.waitMs),
    requests,
    connections: requests + 1000,
    heap_bytes: options.heapBytes ?? 512 * 1024 * 1024,
  });
}

function addressOf(address: GatewayAddress): object {
  if (isSocket(address)) return { pipe: { path: address.path } };
  return { socket_address: { address: address.host, port_value: address.port } };
}

/** A YAML list with one item a line, each in JSON, which is YAML too. */
function indented(items: readonly object[], columns: number): string {
  const lines = items.map((item) => `${' '.repeat(columns)}- ${JSON.stringify(item)}`);
  return lines.length === 0 ? `${' '.repeat(columns)}[]` : lines.join('\n');
}
