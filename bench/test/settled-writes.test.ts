import { equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { SettledWrites } from '../src/settled-writes.ts';

describe('the account of accepted writes', () => {
  let [applied, rejected, duplicate] = [0, 0, 0];
  const consumer = createServer((_request, response) => {
    const lines = Object.entries({ applied, rejected, duplicate }).map(
      ([status, count]) => `kv_outcomes_total{status="${status}",service="consumer"} ${count}`,
    );
    response.end(`# TYPE kv_outcomes_total counter\n${lines.join('\n')}\n`);
  });
  let port = 0;
  before(async () => {
    consumer.listen(0, '127.0.0.1');
    await once(consumer, 'listening');
    port = (consumer.address() as AddressInfo).port;
  });
  after(() => consumer.close());
  beforeEach(() => {
    [applied, rejected, duplicate] = [0, 0, 0];
  });

  test('is closed when each has an outcome, over all consumers', async () => {
    const writes = new SettledWrites(() => [port, port]);
    [applied, rejected] = [4, 1];
    await writes.all(10);
    equal(writes.accepted, 10);
  });

  test('a redelivery is no outcome', async () => {
    const writes = new SettledWrites(() => [port]);
    [applied, duplicate] = [3, 2];
    equal(await writes.outcomes(), 3);
    await writes.all(3);
  });

  test('waits for the last outcome', async () => {
    const writes = new SettledWrites(() => [port]);
    applied = 1;
    const closed = writes.all(2);
    setTimeout(() => {
      applied = 2;
    }, 120);
    await closed;
    equal(applied, 2);
  });

  test('some may be left over', async () => {
    applied = 90;
    await new SettledWrites(() => [port]).all(100, 10);
  });

  test('more outcomes than accepted writes are an error', async () => {
    applied = 3;
    await rejects(new SettledWrites(() => [port]).all(2), /1 more outcomes than writes/);
  });
});
