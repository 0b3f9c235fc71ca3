import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HostPort } from '@stratakv/service-kit';
import { edgeTimes, type GatewayTimes } from '../../envoy/src/edge-times.ts';
import { fillTemplate } from '../../envoy/src/fill-template.ts';
import { authority, isNamed } from '../../envoy/src/host-port.ts';
import { maxBatchBytes } from '../../envoy/src/render.ts';
import { problemLocations } from './problem-locations.ts';

export interface NginxOptions extends GatewayTimes {
  /** Where clients come. */
  readonly listen: HostPort;
  /** Several, so that one may fail. */
  readonly envoys: readonly HostPort[];
  /** `KV_MAX_VALUE_BYTES`. */
  readonly maxValueBytes: number;
  /** Worker processes; `auto` is one a core. */
  readonly workers: number | 'auto';
  /** Connections of one worker, clients and Envoys together. Default 8,192. */
  readonly connections?: number;
  /** `notable`: writes, failures, slow requests, and requests that brought an id. */
  readonly accessLog: 'all' | 'notable' | 'off';
  /** From the folder nginx runs in, or absolute. Default `/dev/stdout`. */
  readonly accessLogFile?: string;
  /**
   * DNS server that is asked again and again for the Envoys' names; needs nginx 1.27.3. Without one, nginx asks the system
   * once, at start.
   */
  readonly resolver?: string | undefined;
}

const template = fileURLToPath(new URL('../nginx.conf.template', import.meta.url));

/** The text of nginx.conf. */
export function renderNginx(options: NginxOptions): string {
  const { listen, envoys, maxValueBytes, workers, connections = 8192, resolver } = options;
  const times = edgeTimes(options).nginx;
  return fillTemplate(readFileSync(template, 'utf8'), {
    workers,
    connections,
    open_files: connections * 2 + 64,
    access_log: accessLog(options),
    envoys: envoys.map((envoy) => upstreamServer(envoy, resolver)).join('\n'),
    resolver: resolver === undefined ? '' : `    resolver ${resolver} valid=2s;\n`,
    listen: authority(listen),
    value_bytes: maxValueBytes,
    batch_bytes: maxBatchBytes,
    read_ms: times.readMs,
    write_ms: times.writeMs,
    wait_ms: times.waitMs,
    problems: problemLocations(),
  });
}

function upstreamServer(envoy: HostPort, resolver: string | undefined): string {
  const resolve = resolver !== undefined && isNamed(envoy) ? ' resolve' : '';
  return `        server ${authority(envoy)} max_fails=1 fail_timeout=5s${resolve};`;
}

function accessLog({ accessLog: kind, accessLogFile = '/dev/stdout' }: NginxOptions): string {
  if (kind === 'off') return 'off';
  const condition = kind === 'notable' ? ' if=$edge_notable' : '';
  return `${accessLogFile} edge buffer=64k flush=1s${condition}`;
}
