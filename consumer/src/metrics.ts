import type { Metrics } from '@stratakv/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';

interface IntakeFill {
  readonly messages: number;
  readonly bytes: number;
  /** When the oldest operation was made, milliseconds since 1970; infinity when there is none. */
  readonly oldestAt: number;
}

/** What a consumer counts. Labels are closed sets. */
export class ConsumerMetrics {
  readonly batchOperations: Histogram;
  readonly applySeconds: Histogram<'outcome'>;
  readonly retries: Counter;
  readonly leases: Gauge;
  readonly partitions: Gauge;
  readonly partitionCount: Gauge;
  readonly fenceRefusals: Counter;
  readonly outcomes: Counter<'status'>;
  readonly deadLetters: Counter<'reason'>;
  readonly refusedOperations: Counter;
  readonly cacheFailures: Counter<'call'>;
  readonly invalidations: Counter;
  readonly notifyFailures: Counter;
  readonly sessionsLost: Counter;
  readonly cleaned: Counter<'kind'>;
  readonly cleanFailures: Counter;
  readonly #registry: Metrics['registry'];

  constructor({ registry }: Pick<Metrics, 'registry'>) {
    this.#registry = registry;
    const registers = [registry];
    this.batchOperations = new Histogram({
      name: 'kv_apply_batch_operations',
      help: 'Operations applied in one transaction',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
      registers,
    });
    this.applySeconds = new Histogram({
      name: 'kv_apply_seconds',
      help: 'Time one transaction took',
      labelNames: ['outcome'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    const counter = (name: string, help: string) => new Counter({ name, help, registers });
    const labelled = <Label extends string>(name: string, help: string, label: Label) =>
      new Counter({ name, help, labelNames: [label], registers });
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    this.retries = counter('kv_apply_retries_total', 'Transactions tried again because the database was not there');
    this.leases = gauge('kv_partition_leases', 'Partition leases held');
    this.partitions = gauge('kv_partitions_served', 'Partitions subscribed to, with or without a lease');
    this.partitionCount = gauge('kv_partitions', 'Partitions of the installation');
    this.fenceRefusals = counter('kv_fence_refusals_total', 'Batches of a partition refused by its fence');
    this.outcomes = labelled('kv_outcomes_total', 'Operations by what became of them', 'status');
    this.deadLetters = labelled('kv_dead_letters_total', 'Messages set aside', 'reason');
    this.refusedOperations = counter('kv_operations_refused_total', 'Operations the database refused, recorded failed');
    this.cacheFailures = labelled('kv_consumer_cache_failures_total', 'Calls the cache failed', 'call');
    this.invalidations = counter('kv_cache_invalidations_total', 'Keys taken out of the cache before a commit');
    this.notifyFailures = counter('kv_notify_failures_total', 'Batches whose waiting gateways could not be told');
    this.sessionsLost = counter('kv_partition_sessions_lost_total', 'Subscriptions that ended before they were closed');
    this.cleaned = labelled('kv_cleaned_rows_total', 'Rows removed in the background', 'kind');
    this.cleanFailures = counter('kv_clean_failures_total', 'Steps of cleaning that failed');
  }

  /** Shows what waits, read when it is scraped. */
  observeIntake(read: () => IntakeFill): void {
    for (const member of ['messages', 'bytes'] as const) {
      new Gauge({
        name: `kv_intake_${member}`,
        help: `What waits in the consumer or is being applied, ${member}`,
        registers: [this.#registry],
        collect() {
          this.set(read()[member]);
        },
      });
    }
    new Gauge({
      name: 'kv_queue_oldest_seconds',
      help: 'Age of the oldest operation that waits in the consumer or is being applied, by the clock of its gateway',
      registers: [this.#registry],
      collect() {
        const { oldestAt } = read();
        this.set(Number.isFinite(oldestAt) ? Math.max(0, (Date.now() - oldestAt) / 1000) : 0);
      },
    });
  }
}
