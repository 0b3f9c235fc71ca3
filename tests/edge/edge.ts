import { deepEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvoyOptions } from '../../envoy/src/render.ts';
import { freePort } from '../../native/src/free-port.ts';
import { ManagedProcess } from '../../native/src/managed-process.ts';
import type { ProcessSpec } from '../../native/src/process-spec.ts';
import { envoySpec } from '../../native/src/servers/envoy.ts';
import { answersOk } from '../../native/src/servers/http-probe.ts';
import { nginxSpec } from '../../native/src/servers/nginx.ts';
import { TemporaryFolder } from '../../native/src/testing/temporary-folder.ts';
import type { NginxOptions } from '../../nginx/src/render.ts';
import { eventually } from '../framework/eventually.ts';
import { HttpClient } from '../framework/http.ts';

const standInFile = fileURLToPath(new URL('./stand-in.ts', import.meta.url));

/** What a stand-in writes about each request it gets. */
export interface Seen {
  readonly by: string;
  readonly method: string;
  /** The request target, byte for byte. */
  readonly target: string;
  readonly id: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Of the body. */
  readonly bytes: number;
}

/** A server in the place of a gateway: see stand-in.ts. */
export class StandIn {
  readonly process: ManagedProcess;
  readonly port: number;

  constructor(process: ManagedProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  /** All requests it ever got, those of former runs included. */
  get seen(): readonly Seen[] {
    const lines = readFileSync(this.process.logFile, 'utf8').split('\n');
    return lines.filter((line) => line.startsWith('{"by"')).map((line) => JSON.parse(line) as Seen);
  }

  /** Makes /readyz answer 200 or 503. */
  async setReady(isReady: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const options = { port: this.port, path: '/-/ready', method: isReady ? 'PUT' : 'DELETE', agent: false };
    const request = send({ ...options, host: '127.0.0.1' }, (answer) => answer.resume().on('end', () => resolve()));
    request.on('error', reject).end();
    await promise;
  }
}

/** nginx, Envoys and stand-ins for gateways, all of them real servers. */
export interface Edge {
  /** Of nginx. */
  readonly url: string;
  readonly nginx: ManagedProcess;
  readonly envoys: readonly ManagedProcess[];
  /** Where nginx reaches them. */
  readonly envoyUrls: readonly string[];
  /** Addresses of their listeners for Prometheus. */
  readonly metricsUrls: readonly string[];
  readonly gateways: readonly StandIn[];
  /** Requests all gateways got, or those with a request id. */
  seen(id?: string): readonly Seen[];
  /** Ends everything and removes its files. */
  close(): Promise<void>;
}

export interface EdgeOptions extends Omit<Partial<NginxOptions>, 'workers'>, Partial<EnvoyOptions> {
  readonly gatewayCount?: number;
  readonly envoyCount?: number;
}

/** Short, so that a test does not wait long for a server that hangs. */
const defaults = {
  readTimeoutMs: 1_000,
  confirmTimeoutMs: 1_000,
  maxValueBytes: 1024 * 1024,
  accessLog: 'all',
} as const;

export async function startEdge({ gatewayCount = 2, envoyCount = 1, ...given }: EdgeOptions = {}): Promise<Edge> {
  const folder = new TemporaryFolder();
  const options = { ...defaults, ...given };
  const manage = (spec: ProcessSpec) => new ManagedProcess(spec, { logFile: folder.logFile(spec.name) });
  const gateways = await times(gatewayCount, async (number) => {
    const port = await freePort();
    return new StandIn(manage(standInSpec(`gateway-${number}`, port)), port);
  });
  const envoys = await times(envoyCount, async (number) => {
    const [listen, metricsListen] = [await freeAddress(), await freeAddress()];
    const name = `envoy-${number}`;
    const own = { name, folder: join(folder.path, name), listen, metricsListen };
    const addresses = gateways.map(({ port }) => ({ host: '127.0.0.1', port }));
    return { ...own, process: manage(envoySpec({ ...options, ...own, gateways: addresses })) };
  });
  const listen = await freeAddress();
  const own = { name: 'nginx', folder: join(folder.path, 'nginx'), listen };
  const nginx = manage(nginxSpec({ ...options, workers: 1, ...own, envoys: envoys.map((each) => each.listen) }));
  await folder.start(...gateways.map((each) => each.process));
  await folder.start(...envoys.map((each) => each.process), nginx);
  return {
    url: `http://127.0.0.1:${listen.port}`,
    nginx,
    envoys: envoys.map((each) => each.process),
    envoyUrls: envoys.map((each) => `http://127.0.0.1:${each.listen.port}`),
    metricsUrls: envoys.map(({ metricsListen }) => `http://127.0.0.1:${metricsListen.port}`),
    gateways,
    seen: (id) => gateways.flatMap((each) => each.seen).filter((each) => id === undefined || each.id === id),
    close: () => folder.close(),
  };
}

function standInSpec(name: string, port: number): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: [standInFile, String(port), name],
    isReady: () => answersOk('127.0.0.1', port, '/healthz'),
  };
}

async function freeAddress(): Promise<{ readonly host: string; readonly port: number }> {
  return { host: '127.0.0.1', port: await freePort() };
}

async function times<T>(count: number, make: (number: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let number = 1; number <= count; number += 1) made.push(await make(number));
  return made;
}

/** Waits until for every Envoy so many gateways pass their health checks, and as many get requests. */
export async function untilInService({ metricsUrls }: Edge, count: number, withinMs: number): Promise<void> {
  for (const url of metricsUrls) {
    const client = new HttpClient(url);
    await eventually(async () => {
      const { text } = await client.request('GET', '/metrics');
      const gauge = (name: string) =>
        Number(new RegExp(`^envoy_cluster_${name}\\{envoy_cluster_name="gateways"\\} (\\d+)$`, 'm').exec(text)?.[1]);
      deepEqual([gauge('health_check_healthy'), gauge('membership_healthy')], [count, count]);
    }, withinMs);
  }
}

/** The values of a header in a request as a gateway got it. */
export function headerValues({ headers }: Seen, name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}
