import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { eventually, keyIn, putOf } from '@stratakv/core/testing';
import { partitionQueue, TopologyMismatch } from '../src/topology.ts';
import type { CreateStore } from './test-store.ts';

const put = () => putOf(keyIn(0), 'value');
const isUnavailable = (error: unknown) => error instanceof StrataError && error.code === 'unavailable';

/** Who makes the queues, and what happens when they are missing or others. */
export function topologyCases(create: CreateStore): void {
  describe('topology', () => {
    test('a gateway makes no queues, and starts to work when a consumer has made them', async () => {
      await using store = create();
      const gateway = store.queueOn((await store.connect()).broker, { topology: 'check' });
      await assert.rejects(gateway.publish(0, [put()]), isUnavailable);
      await assert.rejects(gateway.check(), isUnavailable);
      await store.open();
      await gateway.ready();
      await gateway.publish(0, [put()]);
      await gateway.check();
      const failures = store.events.filter((event) => event.kind === 'topology-failed');
      assert.equal(failures.length, 1, 'said once, however often it looks');
      assert.match(failures[0]?.cause.message ?? '', new RegExp(`${store.prefix}.probe.0 is not there`));
    });

    test('a gateway with another number of partitions finds no queue', async () => {
      await using store = create();
      await store.open();
      const gateway = store.queueOn((await store.connect()).broker, { topology: 'check', partitionCount: 8 });
      const failure = await eventually('it looks', () =>
        store.events.find((event) => event.kind === 'topology-failed'),
      );
      assert.match(failure.cause.message, /p8\.0 is not there.*number of partitions/s);
      await assert.rejects(gateway.publish(0, [put()]), isUnavailable);
    });

    test('queues that were declared in another way are a fatal error that says what differs', async () => {
      await using store = create();
      await store.open();
      const other = store.queueOn((await store.connect()).broker, { maxPartitionBytes: 1_000_000 });
      await assert.rejects(other.ready(), (error) => {
        assert.ok(error instanceof TopologyMismatch);
        assert.match(error.message, new RegExp(`${store.prefix}.p16.0 .*'x-max-length-bytes'.*1000000.*67108864`));
        return true;
      });
      await assert.rejects(other.publish(0, [put()]), isUnavailable);
      await assert.rejects(other.check(), isUnavailable);
    });

    test('a queue that is missing is made again at the next connection', async () => {
      await using store = create();
      const { queue, broker, wire } = await store.open();
      const channel = await broker.consuming.connection?.createChannel();
      await channel?.deleteQueue(partitionQueue({ prefix: store.prefix, partitionCount: 16 }, 0));
      await assert.rejects(queue.publish(0, [put()]), isUnavailable);
      wire.cut();
      await eventually('it is there again', () =>
        queue.publish(0, [put()]).then(
          () => true,
          () => false,
        ),
      );
    });
  });
}
