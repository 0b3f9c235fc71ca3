import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RabbitMqBroker, RabbitMqOperationQueue } from '@stratakv/adapter-rabbitmq';
import { type DeadLetter, encodeOperations, type QueuedOperation } from '@stratakv/core';
import { deleteOf, eventually, putOf } from '@stratakv/core/testing';
import { freePort, startRabbitMq } from '@stratakv/native/testing';

/* The command as an operator gives it, against a real broker and a real store. */

const mainFile = fileURLToPath(new URL('../src/dead-letters/main.ts', import.meta.url));
const storeFile = fileURLToPath(new URL('../../embedded/src/main.ts', import.meta.url));

const rabbitMq = await startRabbitMq();
const broker = new RabbitMqBroker({ urls: rabbitMq.url });
const queue = new RabbitMqOperationQueue(broker, { partitionCount: 16, topology: 'declare' });
const folder = await mkdtemp(join(tmpdir(), 'stratakv-letters-'));
const origin = `http://127.0.0.1:${await freePort()}`;
const store = spawn(process.execPath, [storeFile], {
  env: { ...process.env, KV_PORT: new URL(origin).port, KV_DATA_DIR: folder, NODE_TEST_CONTEXT: '' },
  stdio: 'ignore',
});
after(async () => {
  store.kill('SIGKILL');
  await once(store, 'exit');
  await queue.close();
  await broker.close();
  await rabbitMq.close();
  await rm(folder, { recursive: true, force: true });
});
await queue.ready();
await eventually(
  'the store is ready',
  async () => (await fetch(`${origin}/readyz`).catch(() => undefined))?.ok,
  20_000,
);

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
}

function command(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const env = { ...process.env, KV_RABBITMQ_URL: rabbitMq.url, KV_PUBLIC_URL: origin, ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [mainFile, ...args], { env }, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
      resolve({ code: error === null ? 0 : Number(error.code), lines });
    });
  });
}

async function setAside(operations: readonly QueuedOperation[], letter: Partial<DeadLetter> = {}): Promise<string> {
  const body = encodeOperations(operations);
  await queue.deadLetter({ partition: 3, body, reason: 'for the test', ids: [], ...letter });
  const { lines } = await command(['list']);
  return lines.at(-1)?.slice(0, 12) ?? '';
}

const textOf = async (key: string) => {
  const answer = await fetch(`${origin}/kv/${key}`, { headers: { 'cache-control': 'no-cache' } });
  return answer.status === 200 ? answer.text() : answer.status;
};

test('without dead letters it says so', async () => {
  assert.deepEqual(await command(['list']), { code: 0, lines: ['There are no dead letters.'] });
});

test('a letter is listed, replayed as new operations in order, and gone then', async () => {
  const put = putOf('cities/lisbon', 'Lisboa', { contentType: 'text/x-city', meta: [['country', 'pt']] });
  const name = await setAside([put, putOf('cities/porto', 'Porto'), deleteOf('cities/porto')]);
  const { lines } = await command(['list']);
  assert.match(
    lines[0] ?? '',
    new RegExp(`^${name} .* partition 3  for the test  put "cities/lisbon" \\(${put.id}\\)`),
  );

  const replayed = await command(['replay', name]);
  assert.equal(replayed.code, 0, replayed.lines.join('\n'));
  assert.match(replayed.lines[0] ?? '', /"cities\/lisbon" {2}201$/);
  assert.equal(await textOf('cities/lisbon'), 'Lisboa');
  assert.equal(await textOf('cities/porto'), 404);
  const { headers } = await fetch(`${origin}/kv/cities/lisbon`);
  assert.deepEqual([headers.get('content-type'), headers.get('kv-meta-country')], ['text/x-city', 'pt']);
  assert.deepEqual((await command(['list'])).lines, ['There are no dead letters.']);
});

test('a condition is judged again, and a refusal is an outcome', async () => {
  const name = await setAside([putOf('cities/lisbon', 'Lisbon', { condition: { kind: 'absent' } })]);
  const replayed = await command(['replay', name]);
  assert.equal(replayed.code, 0);
  assert.match(replayed.lines[0] ?? '', /412$/);
  assert.equal(await textOf('cities/lisbon'), 'Lisboa');
});

test('a replay that cannot reach the store keeps the letter; given again it applies once', async () => {
  const name = await setAside([putOf('counter', 'one')]);
  const failed = await command(['replay', name], { KV_PUBLIC_URL: `http://127.0.0.1:${await freePort()}` });
  assert.equal(failed.code, 1);
  assert.match(failed.lines[0] ?? '', /does not answer\. It stays/);
  assert.equal((await command(['replay', 'all'])).code, 0);
  assert.equal(await textOf('counter'), 'one');
});

test('a letter that cannot be read stays until it is discarded; the others are not touched', async () => {
  const kept = await setAside([putOf('kept', 'x')]);
  const damaged = await setAside([], { body: Buffer.from('not a message') });
  const replayed = await command(['replay', damaged]);
  assert.equal(replayed.code, 1);
  assert.match(replayed.lines[0] ?? '', /cannot be read/);
  assert.equal((await command(['discard', damaged])).code, 0);
  const { lines } = await command(['list']);
  assert.deepEqual(
    lines.map((line) => line.slice(0, 12)),
    [kept],
  );
  assert.equal((await command(['discard', 'all'])).code, 0);
});

test('wrong words and names are told', async () => {
  for (const args of [[], ['remove'], ['replay'], ['list', 'all']]) {
    const ended = await command(args);
    assert.equal(ended.code, 2, args.join(' '));
    assert.match(ended.lines[0] ?? '', /^Usage/);
  }
  const unknown = await command(['discard', '0123456789ab']);
  assert.deepEqual(unknown, { code: 1, lines: ['0123456789ab  there is no such dead letter'] });
});
