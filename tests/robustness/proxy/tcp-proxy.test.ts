import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from './tcp-proxy.ts';

/* With real sockets: a server that says back in capitals what it hears, and clients that come through the proxy. */

const accepted: Socket[] = [];
const server = createServer({ allowHalfOpen: true }, (socket) => {
  accepted.push(socket);
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => socket.write(bytes.toString().toUpperCase()));
  socket.on('end', () => socket.end('bye'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const proxy = await TcpProxy.listen(() => (server.address() as AddressInfo).port);
after(async () => {
  for (const socket of accepted) socket.destroy();
  server.close();
  await proxy.close();
});

afterEach(() => proxy.heal());

interface Caller {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly error: () => string | undefined;
}

async function call(): Promise<Caller> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  let heard = '';
  let error: string | undefined;
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString();
  });
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code;
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  socket.once('close', resolve);
  await promise;
  return { socket, heard: () => heard, error: () => error };
}

async function until(isTrue: () => boolean, withinMs = 2000): Promise<number> {
  const startedAt = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedAt > withinMs) throw new Error('it did not come to that');
    await sleep(5);
  }
  return performance.now() - startedAt;
}

test('passes on bytes both ways, and an end', async () => {
  const { socket, heard } = await call();
  socket.write('hello');
  await until(() => heard() === 'HELLO');
  socket.end();
  await once(socket, 'end');
  equal(heard(), 'HELLObye');
  await until(() => proxy.open === 0);
});

test('a large answer is whole, and a receiver that does not read holds the sender up', async () => {
  const { socket, heard } = await call();
  const text = 'x'.repeat(8 * 1024 * 1024);
  socket.pause();
  socket.write(text);
  await sleep(200);
  equal(heard(), '');
  socket.resume();
  await until(() => heard().length === text.length, 10_000);
  socket.destroy();
});

test('a cut resets the connections there are and those that come, both sides', async () => {
  const caller = await call();
  await until(() => accepted.length > 0);
  caller.socket.write('one');
  await until(() => caller.heard() === 'ONE');
  const far = accepted.at(-1);
  proxy.trouble({ kind: 'cut' });
  await until(() => caller.socket.destroyed && far?.destroyed === true);
  equal(caller.error(), 'ECONNRESET');
  const next = await call();
  await until(() => next.socket.destroyed);
  equal(next.error(), 'ECONNRESET');
  proxy.heal();
  const last = await call();
  last.socket.write('two');
  await until(() => last.heard() === 'TWO');
  last.socket.destroy();
});

test('half-closed, one way has an end and the other goes on', async () => {
  const caller = await call();
  caller.socket.write('one');
  await until(() => caller.heard() === 'ONE');
  const far = accepted.at(-1);
  proxy.trouble({ kind: 'half-close', way: 'back' });
  await once(caller.socket, 'end');
  const wasHeard = new Promise((resolve) => far?.once('data', resolve));
  caller.socket.write('two');
  equal(String(await wasHeard), 'two');
  equal(caller.heard(), 'ONE');
  proxy.heal();
  const next = await call();
  next.socket.write('three');
  await until(() => next.heard() === 'THREE');
  caller.socket.destroy();
  next.socket.destroy();
});

test('into a black hole goes everything without a sign, and comes out when it closes', async () => {
  const caller = await call();
  caller.socket.write('one');
  await until(() => caller.heard() === 'ONE');
  const before = proxy.counts;
  proxy.trouble({ kind: 'black-hole', way: 'both' });
  const connectionsBefore = accepted.length;
  caller.socket.write('two');
  const next = await call();
  next.socket.write('three');
  await sleep(300);
  deepEqual([caller.heard(), next.heard(), accepted.length], ['ONE', '', connectionsBefore]);
  deepEqual(
    [caller.error(), next.error(), caller.socket.destroyed, next.socket.destroyed],
    [undefined, undefined, false, false],
  );
  equal(proxy.counts.troubled - before.troubled, 2);
  proxy.heal();
  await until(() => caller.heard() === 'ONETWO' && next.heard() === 'THREE');
  caller.socket.destroy();
  next.socket.destroy();
});

test('who leaves during a black hole is missed when it closes', async () => {
  const caller = await call();
  caller.socket.write('one');
  await until(() => caller.heard() === 'ONE');
  const far = accepted.at(-1);
  proxy.trouble({ kind: 'black-hole', way: 'both' });
  caller.socket.resetAndDestroy();
  await sleep(200);
  equal(far?.destroyed, false);
  proxy.heal();
  await until(() => far?.destroyed === true);
});

test('a black hole one way lets the other way through', async () => {
  const caller = await call();
  caller.socket.write('one');
  await until(() => caller.heard() === 'ONE');
  const far = accepted.at(-1);
  proxy.trouble({ kind: 'black-hole', way: 'back' });
  const wasHeard = new Promise((resolve) => far?.once('data', resolve));
  caller.socket.write('two');
  equal(String(await wasHeard), 'two');
  await sleep(100);
  equal(caller.heard(), 'ONE');
  proxy.heal();
  await until(() => caller.heard() === 'ONETWO');
  caller.socket.destroy();
});

test('a delay makes every byte late and none later than that', async () => {
  const caller = await call();
  proxy.trouble({ kind: 'delay', way: 'out', ms: 200 });
  for (const text of ['a', 'b', 'c']) {
    caller.socket.write(text);
    await sleep(30);
  }
  const tookMs = await until(() => caller.heard() === 'ABC');
  ok(tookMs > 80 && tookMs < 600, `${tookMs} ms`);
  ok(proxy.counts.troubledBytes >= 3);
  proxy.heal();
  caller.socket.destroy();
});

test('a drip is as slow as it was told to be', async () => {
  const caller = await call();
  proxy.trouble({ kind: 'drip', way: 'both', bytesPerSecond: 1000 });
  caller.socket.write('x'.repeat(300));
  const tookMs = await until(() => caller.heard().length === 300);
  ok(tookMs > 250, `${tookMs} ms`);
  caller.socket.write('y'.repeat(100_000));
  await sleep(50);
  proxy.heal();
  await until(() => caller.heard().length === 100_300);
  caller.socket.destroy();
});

test('a server that is not there is a reset for the client', async () => {
  const lost = await TcpProxy.listen(() => 1);
  const socket = connect(lost.port, '127.0.0.1');
  await rejects(
    once(socket, 'end').then(() => 'an end'),
    /ECONNRESET/,
  );
  await lost.close();
});
