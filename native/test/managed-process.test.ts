import { equal, match, ok, rejects } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/free-port.ts';
import { ManagedProcess } from '../src/managed-process.ts';
import type { ProcessSpec } from '../src/process-spec.ts';
import { descendantsOf, processIdentity } from '../src/process-tree.ts';
import { probe } from '../src/tcp-probe.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-process-'));
const started: ManagedProcess[] = [];
after(async () => {
  await Promise.all(started.map((each) => each.kill()));
  await rm(folder, { recursive: true, force: true });
});

/** A server that answers each connection with a greeting, run by a shell that stays its parent. */
async function echoServer(
  name: string,
  changes: Partial<ProcessSpec> = {},
): Promise<{ readonly server: ManagedProcess; readonly port: number }> {
  const port = await freePort();
  const code = `console.log('listening'); require('net').createServer((s) => s.end('hi')).listen(${port}, '127.0.0.1')`;
  const server = new ManagedProcess(
    {
      name,
      command: '/bin/sh',
      args: ['-c', `"$NODE" -e "$CODE" & wait`],
      env: { NODE: process.execPath, CODE: code },
      isReady: () => probe(port, 'x', (text) => text === 'hi'),
      ...changes,
    },
    { logFile: join(folder, `${name}.log`) },
  );
  started.push(server);
  return { server, port };
}

test('a kill takes the children too, and the port is free for the next start', async () => {
  const { server } = await echoServer('killed');
  await server.start();
  const family = [server.pid ?? 0, ...descendantsOf(server.pid ?? 0)];
  equal(family.length, 2);
  await server.kill();
  equal((await server.exited).signal, 'SIGKILL');
  await gone(family);
  await server.start();
  ok(server.isRunning);
});

test('what the leader leaves in its group ends with it', async () => {
  const { server } = await echoServer('left behind');
  await server.start();
  const [child = 0] = descendantsOf(server.pid ?? 0);
  process.kill(server.pid ?? 0, 'SIGKILL');
  await server.exited;
  await gone([child]);
});

test('a frozen process keeps its connections and answers after the thaw', async () => {
  const { server, port } = await echoServer('frozen');
  await server.start();
  server.freeze();
  equal(await probe(port, 'x', (text) => text === 'hi'), false);
  server.thaw();
  equal(await probe(port, 'x', (text) => text === 'hi'), true);
});

test('stop asks first, also one that is frozen, and kills when asking does not help', async () => {
  const { server } = await echoServer('polite');
  await server.start();
  server.freeze();
  await server.stop();
  equal((await server.exited).signal, 'SIGTERM');

  const { server: stubborn } = await echoServer('stubborn', {
    args: ['-c', `trap '' TERM; "$NODE" -e "$CODE" & wait; sleep 60`],
    stopWithinMs: 300,
  });
  await stubborn.start();
  await stubborn.stop();
  equal((await stubborn.exited).signal, 'SIGKILL');
});

test('one that ends before it is ready, or never gets ready, is an error with the end of its log', async () => {
  const { server } = await echoServer('broken', {
    args: ['-c', 'echo no such setting; exit 3'],
    isReady: async () => false,
  });
  await rejects(server.start(), (error: Error) => {
    match(
      error.message,
      /^broken ended with 3 before it was ready\. The end of its log \(.*broken\.log\):\nno such setting$/,
    );
    return true;
  });
  const { server: slow } = await echoServer('slow', { isReady: async () => false, readyWithinMs: 400 });
  await rejects(slow.start(), /slow was not ready within 0\.4 s\. .*\nlistening$/s);
  equal(slow.isRunning, false);
});

test('it sees PATH and what its spec says of the environment, and nothing else', async () => {
  process.env.KV_SECRET = 'not for every program';
  const { server } = await echoServer('environment', { args: ['-c', 'env; exit 1'], isReady: async () => false });
  await rejects(server.start(), (error: Error) => {
    match(error.message, /\nPATH=/);
    match(error.message, /\nNODE=/);
    ok(!error.message.includes('KV_SECRET'), error.message);
    return true;
  });
});

async function gone(pids: readonly number[]): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(10)) {
    if (pids.every((pid) => processIdentity(pid) === undefined)) return;
  }
  throw new Error(`still there: ${pids.filter((pid) => processIdentity(pid) !== undefined)}`);
}
