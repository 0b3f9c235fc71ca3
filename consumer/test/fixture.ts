import {
  InProcessEntryCache,
  InProcessOutcomeFeed,
  InProcessPartitionLock,
  OutcomeHub,
  PartitionLockTable,
  systemClock,
} from '@stratakv/adapter-in-process';
import {
  defaultPartitionCount,
  type EntryCache,
  type EntryStore,
  type OperationQueue,
  type OperationRecord,
  type OutcomeFeed,
  operationPartition,
  type PartitionLock,
  type PutOperation,
  type QueuedOperation,
} from '@stratakv/core';
import {
  eventually,
  type Faults,
  faulty,
  keyIn,
  MemoryOperationQueue,
  MemoryStore,
  putOf,
} from '@stratakv/core/testing';
import { createLogger, createMetrics, type Metrics } from '@stratakv/service-kit';
import { type Consumer, type ConsumerSettings, startConsumer } from '../src/index.ts';

export const allPartitions = Array.from({ length: defaultPartitionCount }, (_, partition) => partition);

/** Short pauses, so that a test takes no longer than what it shows. */
const quick: Partial<ConsumerSettings> = {
  renewEveryMs: 20,
  balanceEveryMs: 10,
  stayWithoutLeaseMs: 600,
  leaseMarginMs: 5,
  backoffMs: 5,
  maxBackoffMs: 20,
  cleanEveryMs: 20,
  cleanPauseMs: 2,
};

export interface Member {
  readonly name: string;
  readonly consumer: Consumer;
  readonly metrics: Metrics;
  readonly faults: {
    readonly queue: Faults<OperationQueue>;
    readonly store: Faults<EntryStore>;
    readonly cache: Faults<EntryCache>;
    readonly lock: Faults<PartitionLock>;
    readonly outcomes: Faults<OutcomeFeed>;
  };
  /** Stands still for good, as a process that was killed; the others see its lease and its subscriptions go. */
  kill(): Promise<void>;
}

/** The world that the consumers of one test share. */
export class Fixture {
  readonly queue = new MemoryOperationQueue();
  readonly store = new MemoryStore({ clock: systemClock, partitionCount: defaultPartitionCount });
  readonly cache = new InProcessEntryCache({ clock: systemClock, maxBytes: 64 * 1024 * 1024 });
  readonly table = new PartitionLockTable();
  readonly hub = new OutcomeHub();
  /** What the gateway at `replyTo` was told. */
  readonly told: OperationRecord[] = [];
  /** Errors that the consumers logged, without what every line has. */
  readonly errors: object[] = [];
  readonly #gateway = new InProcessOutcomeFeed(this.hub);
  readonly #members: Member[] = [];
  readonly #log = {
    write: (line: string) => {
      const { operation, partition, msg } = JSON.parse(line);
      this.errors.push({ operation, partition, msg });
    },
  };
  readonly #locks = new Map<Member, InProcessPartitionLock>();

  /** An address whose notices go to `told`. */
  listen(): Promise<string> {
    return this.#gateway.listen((record) => this.told.push(record));
  }

  start(
    settings: Partial<ConsumerSettings> = {},
    wrap: <Port extends object>(port: Port) => Port = (port) => port,
  ): Member {
    const name = `consumer-${this.#members.length + 1}`;
    const realLock = this.lock();
    const queue = faulty<OperationQueue>(wrap(this.queue));
    const store = faulty<EntryStore>(wrap(this.store));
    const cache = faulty<EntryCache>(wrap(this.cache));
    const lock = faulty<PartitionLock>(wrap(realLock));
    const outcomes = faulty<OutcomeFeed>(wrap(new InProcessOutcomeFeed(this.hub)));
    const metrics = createMetrics({ service: name });
    const consumer = startConsumer({
      queue: queue.port,
      store: store.port,
      cache: cache.port,
      lock: lock.port,
      outcomes: outcomes.port,
      clock: systemClock,
      logger: createLogger({ service: name, level: 'error', destination: this.#log }),
      metrics,
      partitionCount: defaultPartitionCount,
      name,
      settings: { ...quick, ...settings },
    });
    const faults = {
      queue: queue.faults,
      store: store.faults,
      cache: cache.faults,
      lock: lock.faults,
      outcomes: outcomes.faults,
    };
    const member = { name, consumer, metrics, faults, kill: () => this.#kill(member) };
    this.#members.push(member);
    this.#locks.set(member, realLock);
    return member;
  }

  /** The lock of one more consumer. */
  lock(): InProcessPartitionLock {
    return new InProcessPartitionLock({ table: this.table, termMs: 500, aliveMs: 200 });
  }

  publish(...operations: readonly QueuedOperation[]): Promise<void> {
    const [first] = operations;
    return first === undefined ? Promise.resolve() : this.queue.publish(operationPartition(first.id), operations);
  }

  /** Publishes one operation into each partition; the operations. */
  async publishEverywhere(value: string): Promise<PutOperation[]> {
    const operations = allPartitions.map((partition) => putOf(keyIn(partition), value));
    for (const operation of operations) await this.publish(operation);
    return operations;
  }

  /** Waits until nothing is queued any more. */
  async drained(): Promise<void> {
    await eventually('the queue is empty', async () => (await this.queue.depth()).messages === 0);
  }

  async close(): Promise<void> {
    for (const member of this.#members) {
      if (this.#locks.has(member)) await member.consumer.close();
    }
  }

  async #kill(member: Member): Promise<void> {
    const hang = { kind: 'hang' } as const;
    for (const method of [
      'raiseFence',
      'uncountRaise',
      'apply',
      'expire',
      'pruneTombstones',
      'pruneOperations',
    ] as const) {
      member.faults.store.plan(method, hang);
    }
    for (const method of ['subscribe', 'deadLetter'] as const) member.faults.queue.plan(method, hang);
    for (const method of ['invalidate', 'put'] as const) member.faults.cache.plan(method, hang);
    for (const method of ['announce', 'acquire'] as const) member.faults.lock.plan(method, hang);
    const served = member.consumer.partitions;
    await this.#locks.get(member)?.close();
    this.#locks.delete(member);
    for (const partition of served) this.queue.cut(partition);
  }
}

/** Waits until the partitions are shared out in these numbers, each held once. */
export async function sharedOut(members: readonly Member[], counts: readonly number[]): Promise<void> {
  await eventually(`shares of ${counts.join(' and ')}`, () => {
    const held = members.map(({ consumer }) => consumer.partitions);
    return held.every((partitions, index) => partitions.length === counts[index]) && new Set(held.flat()).size === 16;
  });
}

/** The value of one series, 0 when it was never counted. */
export async function counted(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}) {
  const metric = await metrics.registry.getSingleMetric(name)?.get();
  const match = metric?.values.filter((value) =>
    Object.entries(labels).every(([key, label]) => value.labels[key] === label),
  );
  return (match ?? []).reduce((sum, { value }) => sum + value, 0);
}
