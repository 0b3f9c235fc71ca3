import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, inParallel } from '../framework/eventually.ts';
import { NativeStack } from '../framework/native-stack.ts';

const stack = await NativeStack.start({
  KV_NATIVE_GATEWAYS: '2',
  KV_NATIVE_STORAGE_NODES: '2',
  KV_NATIVE_CONSUMERS: '2',
  KV_NATIVE_ENVOYS: '2',
  KV_NATIVE_RABBITMQ_NODES: '3',
  KV_NATIVE_REDIS_REPLICAS: '2',
  KV_NATIVE_SENTINELS: '3',
});
const client = stack.client();

async function writesAndReads(name: string): Promise<void> {
  const keys = Array.from({ length: 20 }, (_, number) => client.key(`${name}/${number}`));
  await inParallel(keys, 10, async (key) => {
    const put = await client.put(key, key, { wait: 10 });
    ok(put.status === 201 || put.status === 204, put.describe());
    equal((await client.get(key)).text, key);
  });
}

test('a stack of several of each serves', async () => {
  const counts: Record<string, number> = {};
  for (const { kind } of stack.processes) counts[kind] = (counts[kind] ?? 0) + 1;
  deepEqual(counts, {
    postgres: 1,
    epmd: 1,
    rabbitmq: 3,
    redis: 3,
    sentinel: 3,
    lock: 3,
    consumer: 2,
    'storage-node': 2,
    gateway: 2,
    envoy: 2,
    nginx: 1,
  });
  await writesAndReads('first');
});

test('RabbitMQ nodes find one another again after their name server and two of them were killed', async () => {
  const epmd = stack.process('epmd');
  stack.kill('epmd');
  await stack.isBack(epmd);
  const nodes = [stack.process('rabbitmq-2'), stack.process('rabbitmq-3')];
  for (const { name } of nodes) stack.kill(name);
  for (const node of nodes) await stack.isBack(node, 90_000);
  await eventually(() => writesAndReads('again'), 60_000);
});
