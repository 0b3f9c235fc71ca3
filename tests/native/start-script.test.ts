import { equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../native/src/free-port.ts';
import { nativeFolder } from '../framework/native-stack.ts';
import { readRunNote } from '../framework/native-target.ts';
import { withoutStoreSettings } from '../framework/store-environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dataDir = nativeFolder();
const settings = { KV_DATA_DIR: dataDir, KV_PORT: `${await freePort()}` };
const url = `http://127.0.0.1:${settings.KV_PORT}`;

function start(...args: readonly string[]) {
  const env = { ...withoutStoreSettings(process.env), ...settings };
  const run = spawnSync(`${root}start.sh`, args, { env, encoding: 'utf8', timeout: 110_000 });
  return { code: run.status, out: run.stdout, error: run.stderr };
}

after(() => start('stop'));

test('./start.sh native --detach tells each process while it starts, and the address at the end', async () => {
  const { code, out, error } = start('native', '--detach');
  equal(code, 0, out + error);
  for (const name of ['postgres', 'rabbitmq-1', 'redis-1', 'consumer-1', 'storage-node-1', 'gateway-1', 'nginx']) {
    match(out, new RegExp(`^ +${name} +ready after`, 'm'));
  }
  // Only then is every service ready.
  match(out, new RegExp(`^Ready at ${url} after`, 'm'));
  match(out, new RegExp(`^StrataKV is ready at ${url} \\(native mode`, 'm'));
  const put = await fetch(`${url}/kv/started`, { method: 'PUT', body: 'value', headers: { Prefer: 'wait=10' } });
  equal(put.status, 201);
});

test('./start.sh status names every process', () => {
  const { code, out } = start('status');
  equal(code, 0, out);
  match(out, new RegExp(`^Running at ${url} \\(native mode, process \\d+`));
  for (const { name, pid, port } of readRunNote(dataDir).processes) {
    match(out, new RegExp(`^ +${name} +process ${pid} +port ${port}$`, 'm'));
  }
  match(out, /^\/readyz: 200 /m);
});

test('./start.sh logs shows one service, all, or says which there are', () => {
  match(start('logs', 'gateway-1').out, /"service":"gateway"/);
  const all = start('logs').out;
  for (const { name } of readRunNote(dataDir).processes) ok(all.includes(`/${name}.log <==`), name);
  const unknown = start('logs', 'mysql');
  equal(unknown.code, 2);
  match(unknown.error, /There is no service mysql\. Services: .*gateway-1/);
});

test('a second start is refused while it runs, in any mode', () => {
  for (const mode of ['native', 'embedded']) {
    const { code, error } = start(mode, '--detach');
    equal(code, 1);
    match(error, /already runs at .* \(native mode, process \d+\)\. Stop it with: \.\/start\.sh stop/);
  }
});

test('./start.sh stop ends it, and status says so', () => {
  const { code, out, error } = start('stop');
  equal(code, 0, error);
  match(out, /^Stopped\./);
  equal(start('status').code, 3);
});
