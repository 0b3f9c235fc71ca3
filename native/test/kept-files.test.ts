import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockFolder } from '../src/folder-lock.ts';
import { PortBook } from '../src/port-book.ts';
import { processIdentity } from '../src/process-tree.ts';
import { RunFile } from '../src/run-file.ts';
import { SecretFolder } from '../src/secret-folder.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-kept-'));
after(() => rm(folder, { recursive: true, force: true }));

test('ports stay the same between starts, unless somebody else has one by now', async () => {
  const file = join(folder, 'ports.json');
  // By an earlier process: one that runs has its ports reserved.
  const code = `import { PortBook } from '${new URL('../src/port-book.ts', import.meta.url)}';
    const book = new PortBook('${file}');
    console.log(JSON.stringify([await book.portOf('a'), await book.portOf('b'), await book.portOf('a')]));
    await book.save();`;
  const [a, b, again] = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code]).toString());
  equal(again, a);
  notEqual(a, b);

  const squatter = createServer().listen(b, '127.0.0.1').unref();
  await once(squatter, 'listening');
  const second = new PortBook(file);
  equal(await second.portOf('a'), a);
  notEqual(await second.portOf('b'), b);
});

test('a book of ports that was cut off counts as empty', async () => {
  const file = join(folder, 'half.json');
  writeFileSync(file, '{"a": 2');
  ok((await new PortBook(file).portOf('a')) > 0);
});

test('secrets are made once, for their owner alone', async () => {
  const secrets = new SecretFolder(join(folder, 'secrets'));
  const secret = await secrets.secretOf('password');
  match(secret, /^[0-9a-f]{32}$/);
  equal(await new SecretFolder(join(folder, 'secrets')).secretOf('password'), secret);
  notEqual(await secrets.secretOf('other'), secret);
  const file = await secrets.write('url', `scheme://${secret}`);
  equal(await readFile(file, 'utf8'), `scheme://${secret}\n`);
  for (const path of [file, secrets.fileOf('password')]) equal(statSync(path).mode & 0o777, 0o600);
  equal(statSync(join(folder, 'secrets')).mode & 0o777, 0o700);
});

test('a data folder has one owner at a time', async () => {
  const lock = await lockFolder(folder);
  await rejects(lockFolder(folder), /is in use by another process/);
  lock.close();
  await once(lock, 'close');
  (await lockFolder(folder)).close();
});

test('what a former stack has left running is ended, and nobody else', async () => {
  const [left, other] = [spawn('sleep', ['60']), spawn('sleep', ['60'])];
  after(() => other.kill('SIGKILL'));
  const [pid = 0, otherPid = 0] = [left.pid, other.pid];
  const processes = [
    { name: 'left', pid, identity: processIdentity(pid) },
    // A number that was given to another process since.
    { name: 'gone', pid: otherPid, identity: 'another boot:1' },
    { name: 'down' },
  ];
  mkdirSync(join(folder, 'run'), { recursive: true });
  writeFileSync(join(folder, 'run', 'native.json'), JSON.stringify({ processes }));
  const ended = once(left, 'exit');
  deepEqual(await new RunFile(folder).endLeftovers(), ['left']);
  equal((await ended)[1], 'SIGKILL');
  equal(other.exitCode ?? other.signalCode, null);
  deepEqual(await new RunFile(join(folder, 'nothing')).endLeftovers(), []);
});
