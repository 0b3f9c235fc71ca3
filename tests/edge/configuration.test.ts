import { equal, match, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@stratakv/service-kit';
import { parse } from 'yaml';
import { edgeTimes } from '../../envoy/src/edge-times.ts';
import { fillTemplate } from '../../envoy/src/fill-template.ts';
import { envoySettings } from '../../envoy/src/settings.ts';
import { runToEnd } from '../../native/src/launch.ts';
import { findProgram } from '../../native/src/program.ts';
import { nginxSettings } from '../../nginx/src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'stratakv-edge-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

type Environment = Readonly<Record<string, string>>;

/** Runs a renderer as a container does, and gives the file it wrote. */
async function render(which: 'nginx' | 'envoy', env: Environment): Promise<string> {
  const main = fileURLToPath(new URL(`../../${which}/src/main.ts`, import.meta.url));
  files += 1;
  // Envoy goes by the name: another one than .yaml has to be JSON.
  const file = join(folder, `${files}.${which === 'nginx' ? 'conf' : 'yaml'}`);
  await runToEnd(process.execPath, { args: [main, file], env });
  return file;
}

/** nginx opens /dev/stdout for its log, which has to be a file, a terminal or a pipe. Node would give it a socket. */
function checkNginx(file: string): string {
  const output = openSync(`${file}.output`, 'w+');
  spawnSync(findProgram('nginx'), ['-t', '-e', 'stderr', '-p', folder, '-c', file], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return readFileSync(`${file}.output`, 'utf8');
}

const checkEnvoy = (file: string) =>
  runToEnd(findProgram('envoy'), { args: ['--mode', 'validate', '--disable-hot-restart', '-c', file] });

describe('the configuration of nginx', () => {
  test('of one machine is one nginx takes', async () => {
    match(checkNginx(await render('nginx', {})), /test is successful/);
  });

  test('of a cluster, whose Envoys have names, is one nginx takes', async () => {
    // The only name that resolves everywhere. nginx looks it up at start.
    const file = await render('nginx', { KV_ENVOYS: 'localhost:8084,localhost:8094', KV_BIND: '0.0.0.0' });
    match(checkNginx(file), /test is successful/);
    match(readFileSync(file, 'utf8'), /listen 0\.0\.0\.0:8080 default_server/);
  });

  test('has a DNS server where nginx is new enough to ask it again', async () => {
    const file = await render('nginx', { KV_ENVOYS: 'envoy-1:8084,10.0.0.9:8084', KV_NGINX_RESOLVER: '127.0.0.11' });
    const text = readFileSync(file, 'utf8');
    match(text, /server envoy-1:8084 max_fails=1 fail_timeout=5s resolve;/);
    match(text, /server 10\.0\.0\.9:8084 max_fails=1 fail_timeout=5s;/);
    match(text, /resolver 127\.0\.0\.11 valid=2s;/);
  });
});

interface Bootstrap {
  readonly static_resources: { readonly clusters: readonly { readonly name: string; readonly type?: string }[] };
}

describe('the configuration of Envoy', () => {
  const clusterType = (file: string) => {
    const { clusters } = (parse(readFileSync(file, 'utf8')) as Bootstrap).static_resources;
    return clusters.find(({ name }) => name === 'gateways')?.type;
  };

  test('of one machine is one Envoy takes, with the addresses of the gateways', async () => {
    const file = await render('envoy', { KV_GATEWAYS: '127.0.0.1:8083,[::1]:8093' });
    match(await checkEnvoy(file), /OK/);
    equal(clusterType(file), 'STATIC');
  });

  test('of a cluster is one Envoy takes, with a name for all gateways', async () => {
    const file = await render('envoy', { KV_GATEWAYS: 'gateway:8083', KV_ENVOY_BIND: '0.0.0.0', KV_ACCESS_LOG: 'all' });
    match(await checkEnvoy(file), /OK/);
    equal(clusterType(file), undefined, 'it has a cluster_type instead');
  });

  test('uses nothing that Envoy will remove', async () => {
    const output = await checkEnvoy(await render('envoy', {}));
    equal(/deprecated|work-in-progress/i.test(output), false, output);
  });
});

describe('the settings', () => {
  test('are read like those of every service', () => {
    equal(readConfig(nginxSettings, { KV_MAX_VALUE_BYTES: '2MiB' }).maxValueBytes, 2 * 1024 * 1024);
    throws(() => readConfig(envoySettings, { KV_GATEWAYS: 'no-port' }), /KV_GATEWAYS/);
  });

  test('give time-outs that grow from the gateway to the client', () => {
    for (const [readTimeoutMs, confirmTimeoutMs] of [
      [100, 100],
      [5_000, 5_000],
      [60_000, 100],
      [100, 60_000],
    ] as const) {
      const { envoy, nginx } = edgeTimes({ readTimeoutMs, confirmTimeoutMs });
      ok(envoy.readMs > readTimeoutMs && nginx.readMs > envoy.readMs);
      ok(envoy.writeMs > confirmTimeoutMs && nginx.writeMs > envoy.writeMs);
      ok(envoy.waitMs > 60_000 && nginx.waitMs > envoy.waitMs);
    }
  });
});

describe('a template', () => {
  test('is filled in', () => {
    equal(fillTemplate('a {{one}} b {{two}} {{one}} {3}', { one: 1, two: '$&' }), 'a 1 b $& 1 {3}');
  });

  test('with a name that has no value is an error, and so is a value without a name', () => {
    throws(() => fillTemplate('{{one}}', {}), /\{\{one\}\}/);
    throws(() => fillTemplate('', { two: 2 }), /two/);
  });
});
