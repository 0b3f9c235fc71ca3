import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunNote } from '../../native/src/run-file.ts';
import { readExpression } from './promql.ts';
import { clusterConfig, nativeConfig, questions, yamlOf } from './published.ts';

interface ComposeService {
  readonly networks?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks?: Readonly<Record<string, unknown>>;
}

const cluster = yamlOf('docker-compose.yml') as ComposeFile;
const observability = yamlOf('deploy/observability/docker-compose.yml') as ComposeFile;
const folder = new URL('../../deploy/observability/', import.meta.url);

/** Service and port of each target. */
function targetsOf(job: (typeof clusterConfig.scrape_configs)[number]): readonly [string, number][] {
  const found = (job.dns_sd_configs ?? []).flatMap(({ names, port }) =>
    names.map((name): [string, number] => [name, port]),
  );
  const fixed = (job.static_configs ?? []).flatMap(({ targets }) =>
    targets.map((target): [string, number] => {
      const [name = '', port] = target.split(':');
      return [name, Number(port)];
    }),
  );
  return [...found, ...fixed];
}

describe('prometheus.yml', () => {
  test('what it names is there', () => {
    for (const config of [clusterConfig, nativeConfig]) {
      for (const file of config.rule_files) ok(existsSync(fileURLToPath(new URL(file, folder))), file);
      for (const value of Object.values(config.global)) match(value, /^\d+(?:ms|s|m)$/);
    }
  });

  for (const job of clusterConfig.scrape_configs) {
    test(`${job.job_name} can be reached by Prometheus in the cluster`, () => {
      const own = observability.services.prometheus?.networks ?? [];
      for (const network of own) ok(cluster.networks !== undefined && network in cluster.networks, network);
      const targets = targetsOf(job);
      ok(targets.length > 0);
      for (const [name] of targets) {
        const service = cluster.services[name];
        ok(service, `docker-compose.yml has no service ${name}`);
        ok(
          service.networks?.some((network) => own.includes(network)),
          `no network in common with ${name}`,
        );
      }
      for (const { type } of job.dns_sd_configs ?? []) equal(type, 'A');
    });
  }

  test('the ports are those of the services', () => {
    const settings = Object.values(cluster.services).map(({ environment = {} }) => environment);
    const portOf = (name: string) => Number(settings.find((environment) => name in environment)?.[name]);
    const ports = Object.fromEntries(
      clusterConfig.scrape_configs.map((job) => [job.job_name, [...new Set(targetsOf(job).map(([, port]) => port))]]),
    );
    deepEqual(ports, {
      gateway: [portOf('KV_GATEWAY_PORT')],
      'storage-node': [portOf('KV_STORAGE_PORT')],
      consumer: [portOf('KV_CONSUMER_PORT')],
      envoy: [portOf('KV_ENVOY_METRICS_PORT')],
      rabbitmq: [15692],
      cockroachdb: [8080],
    });
  });

  test('keeps the metrics of Envoy that are asked for', () => {
    const job = clusterConfig.scrape_configs.find(({ job_name }) => job_name === 'envoy');
    const [keep] = job?.metric_relabel_configs ?? [];
    equal(keep?.action, 'keep');
    // Prometheus anchors a regex at both ends.
    const kept = new RegExp(`^(?:${keep?.regex})$`);
    const asked = questions.flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => metric));
    const ofEnvoy = asked.filter((metric) => metric.startsWith('envoy_'));
    ok(ofEnvoy.length > 0);
    for (const metric of ofEnvoy) match(metric, kept);
  });
});

test('the files that the containers are given are there', () => {
  for (const { volumes = [] } of Object.values(observability.services)) {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      // Paths count from the folder of the first compose file.
      if (source.startsWith('./')) ok(existsSync(fileURLToPath(new URL(`../../${source}`, folder))), source);
    }
  }
});

test('native-targets.mjs names the processes of a native stack as its note does', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-targets-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const process = { pid: 1, identity: 'x', logFile: 'x.log', restarts: 0, port: 1 };
  const page = (port: number) => `http://127.0.0.1:${port}/metrics`;
  const note: RunNote = {
    pid: 1,
    identity: 'x',
    origin: 'http://127.0.0.1:8080',
    isStarted: true,
    processes: [
      { ...process, name: 'gateway-1', kind: 'gateway', metricsUrl: page(5001) },
      { ...process, name: 'gateway-2', kind: 'gateway', metricsUrl: page(5002) },
      { ...process, name: 'envoy-1', kind: 'envoy', metricsUrl: page(5003) },
      { ...process, name: 'postgres', kind: 'postgres' },
    ],
  };
  await mkdir(join(dataDir, 'run'));
  await writeFile(join(dataDir, 'run', 'native.json'), JSON.stringify(note));
  const script = fileURLToPath(new URL('native-targets.mjs', folder));
  const { stdout } = await promisify(execFile)(globalThis.process.execPath, [script, dataDir]);
  deepEqual(JSON.parse(stdout), [
    { targets: ['127.0.0.1:5001', '127.0.0.1:5002'], labels: { job: 'gateway' } },
    { targets: ['127.0.0.1:5003'], labels: { job: 'envoy' } },
  ]);
});
