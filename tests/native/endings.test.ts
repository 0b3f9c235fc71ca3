import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../native/src/free-port.ts';
import { allGone, NativeStack, nativeFolder } from '../framework/native-stack.ts';
import type { NativeProcess } from '../framework/native-target.ts';

const dataDir = nativeFolder();

test('SIGKILL of the main process leaves nothing running, and the next start finds what was written', async () => {
  const stack = await NativeStack.start({}, dataDir);
  const client = stack.client();
  const key = client.key('kept');
  equal((await client.put(key, 'value', { wait: 10 })).status, 201);
  const { descendants, processes } = stack;
  ok(descendants.length > processes.length + 5, 'servers have children');
  stack.signal('SIGKILL');
  deepEqual(await stack.exited, { code: null, signal: 'SIGKILL' });
  await allGone(descendants);

  const next = await NativeStack.start({}, dataDir);
  equal((await next.client().getLatest(key)).text, 'value');
  const ports = (all: readonly NativeProcess[]) =>
    all.filter(({ name }) => name !== 'nginx').map(({ name, port }) => `${name} ${port}`);
  deepEqual(ports(next.processes), ports(processes), 'each kept its port');

  const other = new NativeStack(dataDir, await freePort());
  equal((await other.exited).code, 1);
  match(other.output, /data folder .* is in use by another process.*start\.sh stop/);
  equal((await next.client().getLatest(key)).text, 'value', 'the first one is not disturbed');

  const left = next.descendants;
  next.signal('SIGTERM');
  deepEqual(await next.exited, { code: 0, signal: null }, next.output);
  await allGone(left, 0);
  ok(!existsSync(join(dataDir, 'run', 'native.json')), 'nobody takes it for running');
});

test('Ctrl-C while it starts leaves nothing running either', async () => {
  const folder = nativeFolder();
  const stack = new NativeStack(folder, await freePort());
  await stack.says(/postgres +ready/);
  const { descendants } = stack;
  ok(!/rabbitmq-1 +ready/.test(stack.output), 'RabbitMQ takes longer');
  stack.signal('SIGINT');
  equal((await stack.exited).code, 0, stack.output);
  ok(descendants.length > 10, `${descendants.length} processes`);
  await allGone(descendants, 0);
});
