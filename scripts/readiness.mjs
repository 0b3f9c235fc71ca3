import { randomInt, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const ASK_TIMEOUT_MS = 10_000;

/** One HTTP request to the store. Resolves to `{ status, body }`; rejects when it cannot be reached or takes over 10 s. */
export function ask(method, url, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    // Its own agent: neither a proxy from the environment nor a connection left open.
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const outgoing = request(url, { method, headers, agent: new Agent({ keepAlive: false }), signal }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Whether something already accepts connections there. */
export function isTaken(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const answer = (taken) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** A port on 127.0.0.1 that is free now, below those that outgoing connections take: it is still free a while later. */
export async function freePort() {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * Waits until the store at `origin` serves a PUT and a GET, for at most `seconds` or until `stopped()` is true.
 * Resolves to undefined once it does, else to a sentence with the last thing that was in the way.
 */
export async function waitUntilServing(origin, seconds, stopped) {
  let obstacle = 'it was not asked yet';
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline && !stopped(); await sleep(25)) {
    obstacle = await findObstacle(origin).catch((error) => error.message || error.code);
    if (obstacle === undefined) return undefined;
  }
  return obstacle;
}

// The PUT asks for a version the key cannot have: it takes a write's whole way, to the disk and through the consumer,
// and is rejected at the end. So nobody ever lists or reads a probe, and no key, version or tombstone stays behind.
async function findObstacle(origin) {
  const url = `${origin}/kv/_start/${randomUUID()}`;
  const steps = [
    { expected: 200, method: 'GET', url: `${origin}/readyz` },
    { expected: 412, method: 'PUT', url, headers: { 'if-match': '"1"', prefer: 'wait=5' }, body: 'probe' },
    { expected: 404, method: 'GET', url, headers: { 'cache-control': 'no-cache' } },
  ];
  for (const { expected, method, url: target, headers, body } of steps) {
    const answer = await ask(method, target, headers, body);
    if (answer.status !== expected) {
      return `${method} ${target} answered ${answer.status} instead of ${expected}: ${answer.body.trim()}`;
    }
  }
  return undefined;
}
