import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { clientOf, type Environment, runStore, startStore, temporaryFolder } from '../framework/store-process.ts';

const folder = await temporaryFolder();

/** Starts a store that must end with 1 and say why in one line. */
async function refused(environment: Environment): Promise<string> {
  const { exit, errors } = await runStore(environment);
  deepEqual(exit, { code: 1, signal: null }, errors);
  equal(errors.trim().split('\n').length, 1, `one line: ${errors}`);
  return errors;
}

test('a busy port is one clear message, and the folder is free again', async () => {
  const dataDir = join(folder, 'busy-port');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  const errors = await refused({ KV_PORT: port, KV_DATA_DIR: dataDir });
  match(errors, new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use\\. Set KV_PORT`));
  server.close();
  const store = await startStore(dataDir);
  await store.killed();
});

test('an address that is not of this machine', async () => {
  const errors = await refused({ KV_BIND: '192.0.2.1', KV_DATA_DIR: join(folder, 'bind') });
  match(errors, /Cannot listen on 192\.0\.2\.1 port 0.*KV_BIND/);
});

describe('a data folder that cannot be used', () => {
  test('a file in its place', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'mine');
    match(await refused({ KV_DATA_DIR: file }), /data folder .*file cannot be used: .*KV_DATA_DIR/);
  });

  test('a path below a file', async () => {
    const file = join(folder, 'other-file');
    await writeFile(file, 'mine');
    match(await refused({ KV_DATA_DIR: join(file, 'data') }), /cannot be used: .*KV_DATA_DIR/);
  });

  test('a folder in the place of its lock', async () => {
    const dataDir = join(folder, 'lock-is-a-folder');
    await mkdir(join(dataDir, 'lock'), { recursive: true });
    match(await refused({ KV_DATA_DIR: dataDir }), /cannot be opened/);
  });

  test('one without the right to write', async (t) => {
    const dataDir = join(folder, 'read-only');
    await mkdir(dataDir);
    // Permission bits do not bind root, a file system that is mounted to be read does.
    if (process.getuid?.() === 0) {
      t.after(() => spawnSync('umount', [dataDir]));
      const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'stratakv-test', dataDir]);
      equal(status, 0, `root needs CAP_SYS_ADMIN here, to mount a tmpfs: ${stderr}`);
    } else await chmod(dataDir, 0o500);
    match(await refused({ KV_DATA_DIR: dataDir }), /cannot be used: .*KV_DATA_DIR/);
  });

  test('the data of another mode', async () => {
    const dataDir = join(folder, 'native');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'mode'), 'native\n');
    match(await refused({ KV_DATA_DIR: dataDir }), /holds the data of the native mode.*\.\/start\.sh native/);
    deepEqual(await readdir(dataDir), ['mode'], 'nothing was put there');
  });
});

test('two processes on one folder: the second is refused, the first goes on, a killed one leaves no lock', async () => {
  const dataDir = join(folder, 'shared');
  const first = await startStore(dataDir);
  const client = clientOf(first);
  const version = await client.write('key', 'before');
  match(await refused({ KV_DATA_DIR: dataDir }), /data folder .*shared is in use by another StrataKV process/);
  equal((await client.getLatest('key')).header('etag'), `"${version}"`);
  await client.write('key', 'after');
  await first.killed();
  const second = await startStore(dataDir);
  equal((await clientOf(second).getLatest('key')).text, 'after');
  await second.killed();
});

test('a crash between the first files of the folder is no other mode', async () => {
  const dataDir = join(folder, 'half-made');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'mode'), '');
  await rm(join(dataDir, 'stratakv.db'), { force: true });
  const store = await startStore(dataDir);
  await store.killed();
});

test('a 202 is on disk: kill -9 right after it loses nothing', async () => {
  const dataDir = join(folder, 'at-once');
  for (let round = 1; round <= 3; round += 1) {
    const store = await startStore(dataDir);
    const answer = await clientOf(store).put('key', `round ${round}`);
    store.kill();
    equal(answer.status, 202);
    await store.exited;
    const again = await startStore(dataDir);
    const client = clientOf(again);
    await client.settled(answer);
    equal((await client.getLatest('key')).text, `round ${round}`);
    await again.killed();
  }
});
