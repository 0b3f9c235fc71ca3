import { equal, match } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../native/src/free-port.ts';
import { NativeStack, nativeFolder } from '../framework/native-stack.ts';
import type { Environment } from '../framework/store-environment.ts';
import { runStore } from '../framework/store-process.ts';

/** Starts a stack that must end by itself, and gives its exit code and what it said. */
async function refused(dataDir: string, settings: Environment = {}, port?: number) {
  const stack = new NativeStack(dataDir, port ?? (await freePort()), settings);
  const { code } = await stack.exited;
  return { code, output: stack.output };
}

test('the data of another mode is left alone, in both directions', async () => {
  const embedded = nativeFolder();
  writeFileSync(join(embedded, 'mode'), 'embedded\n');
  const { code, output } = await refused(embedded);
  equal(code, 1);
  match(output, /holds the data of the embedded mode\. Use \.\/start\.sh embedded, or set KV_DATA_DIR/);
  equal(readdirSync(embedded).join(), 'mode');

  const native = nativeFolder();
  writeFileSync(join(native, 'mode'), 'native\n');
  const { exit, errors } = await runStore({ KV_DATA_DIR: native });
  equal(exit.code, 1);
  match(errors, /holds the data of the native mode\. Use \.\/start\.sh native/);
});

test('a port that is taken is told before anything is started', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { code, output } = await refused(nativeFolder(), {}, port);
  server.close();
  equal(code, 1);
  match(output, new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use\\. Set KV_PORT`));
});

test('a program that is missing is named with the command that installs it', async () => {
  const { code, output } = await refused(nativeFolder(), { PATH: '/nowhere' });
  equal(code, 1);
  match(output, /The program \S+ was not found\. Install it with: sudo apt-get install \S+/);
});

test('wrong settings are told all at once, those of the services too', async () => {
  const { code, output } = await refused(nativeFolder(), { KV_NATIVE_RABBITMQ_NODES: '2', KV_CACHE_TTL: 'long' });
  equal(code, 2);
  match(output, /KV_NATIVE_RABBITMQ_NODES: "2" is not valid, expected one of 1, 3/);
  match(output, /KV_CACHE_TTL: "long" is not valid/);
});

test('a RabbitMQ cluster keeps its size', async () => {
  const dataDir = nativeFolder();
  for (const name of ['rabbitmq-1', 'rabbitmq-2', 'rabbitmq-3']) {
    mkdirSync(join(dataDir, 'servers', name), { recursive: true });
  }
  const { code, output } = await refused(dataDir);
  equal(code, 1);
  match(output, /was made with KV_NATIVE_RABBITMQ_NODES=3\./);
});

test('a process that does not start is named, with the end of its log, and the others are stopped', async () => {
  const dataDir = nativeFolder();
  mkdirSync(join(dataDir, 'servers', 'postgres', 'data'), { recursive: true });
  const { code, output } = await refused(dataDir);
  equal(code, 1);
  match(output, /postgres ended with \d before it was ready\. The end of its log \(.*postgres\.log\):\n.*postgres/);
});
