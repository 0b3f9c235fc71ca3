import type { OperationQueue } from '@stratakv/core';
import type { Metrics } from '@stratakv/service-kit';
import { Gauge, Histogram } from 'prom-client';
import type { Admission } from './admission.ts';
import type { OutcomeWaiters } from './outcome-waiters.ts';
import type { PublishedMessage } from './write-publisher.ts';

/** Registers what a gateway tells about itself beyond its requests. */
export function registerGatewayMetrics(
  { registry }: Metrics,
  admission: Admission,
  waiters: OutcomeWaiters,
  queue: Pick<OperationQueue, 'depth'>,
) {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  gauge('kv_queue_messages', 'Messages that wait to be applied', async () => (await queue.depth()).messages);
  gauge('kv_queue_bytes', 'Their size', async () => (await queue.depth()).bytes);
  gauge('kv_queue_dead_letters', 'Messages set aside for a person', async () => (await queue.depth()).deadLetters);
  gauge('kv_gateway_writes_in_flight', 'Writes being queued', () => admission.load.writes);
  gauge('kv_gateway_write_bytes_in_flight', 'Bytes of values being queued', () => admission.load.writeBytes);
  gauge('kv_gateway_reads_in_flight', 'Reads waiting for the storage', () => admission.load.reads);
  gauge('kv_gateway_waiters', 'Operations whose outcome somebody waits for', () => waiters.size);
  const publishSeconds = new Histogram({
    name: 'kv_gateway_publish_seconds',
    help: 'Time from handing a message to the queue to its confirm or refusal',
    labelNames: ['outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  const messageOperations = new Histogram({
    name: 'kv_gateway_message_operations',
    help: 'Operations that travelled in one message',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers: [registry],
  });
  return {
    /** Notes one confirmed or refused message. */
    observeMessage({ operations, seconds, error }: PublishedMessage): void {
      publishSeconds.observe({ outcome: error === undefined ? 'confirmed' : 'failed' }, seconds);
      messageOperations.observe(operations.length);
    },
  };
}
