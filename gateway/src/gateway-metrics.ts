import type { OperationQueue, QueueDepth } from '@stratakv/core';
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
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  observeDepth({ registry }, queue);
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

/** A broker that is frozen must not make the whole page late. */
const depthWithinMs = 1000;

/** Shows what waits in the queue. While the queue cannot be asked there is no number: the last one would be a lie, 0 too. */
function observeDepth({ registry }: Pick<Metrics, 'registry'>, queue: Pick<OperationQueue, 'depth'>): void {
  const gauge = (name: string, help: string, read: (depth: QueueDepth) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const depth = await withinOrUndefined(queue.depth(), depthWithinMs);
        if (depth === undefined) this.remove();
        else this.set(read(depth));
      },
    });
  gauge('kv_queue_messages', 'Messages that wait to be applied', ({ messages }) => messages);
  gauge('kv_queue_bytes', 'Their size', ({ bytes }) => bytes);
  gauge('kv_queue_dead_letters', 'Messages set aside for a person', ({ deadLetters }) => deadLetters);
}

async function withinOrUndefined<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([promise, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
