import type { Metrics } from '@stratakv/service-kit';
import { Counter, Histogram } from 'prom-client';

/** How the cache answered a read. `stale`: too old, but the database was down and the client takes it. */
export type CacheResult = 'hit' | 'miss' | 'stale' | 'bypass' | 'not-asked';

/**
 * What a storage node counts. Plain numbers that are handed over when they are scraped: prom-client's own `inc` costs
 * more than the rest of a cached read.
 */
export class StorageMetrics {
  readonly reads: Record<CacheResult, number> = { hit: 0, miss: 0, stale: 0, bypass: 0, 'not-asked': 0 };
  readonly fills = { taken: 0, refused: 0 };
  readonly cacheFailures = { lookup: 0, fill: 0 };
  collapsed = 0;
  shed = 0;
  readonly #batchKeys: Histogram;
  readonly #batchSeconds: Histogram<'outcome'>;

  constructor({ registry }: Pick<Metrics, 'registry'>) {
    const registers = [registry];
    this.#batchKeys = new Histogram({
      name: 'kv_database_read_keys',
      help: 'Keys in one read of the database',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    });
    this.#batchSeconds = new Histogram({
      name: 'kv_database_read_seconds',
      help: 'Time one read of the database took',
      labelNames: ['outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    register(registry, 'kv_reads_total', 'Reads by what the cache did', 'cache', this.reads);
    register(registry, 'kv_cache_fills_total', 'Entries offered to the cache after a miss', 'result', this.fills);
    register(registry, 'kv_storage_cache_failures_total', 'Calls the cache failed', 'call', this.cacheFailures);
    this.#registerTotals(registry);
  }

  /** One read of the database: its keys, how long it took, and whether it failed. */
  databaseRead(keys: number, milliseconds: number, outcome: 'ok' | 'failed'): void {
    this.#batchKeys.observe(keys);
    this.#batchSeconds.observe({ outcome }, milliseconds / 1000);
  }

  #registerTotals(registry: Metrics['registry']): void {
    const totals = this;
    new Counter({
      name: 'kv_reads_collapsed_total',
      help: 'Reads that shared a read of the database with another one',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(totals.collapsed);
      },
    });
    new Counter({
      name: 'kv_reads_shed_total',
      help: 'Reads refused because too many waited for the database',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(totals.shed);
      },
    });
  }
}

function register(
  registry: Metrics['registry'],
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): void {
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(counts)) this.inc({ [label]: value }, count);
    },
  });
}
