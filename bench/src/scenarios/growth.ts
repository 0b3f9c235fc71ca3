import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Measurement } from '../load.ts';
import { cpuMicrosOf, type MemoryUsage, memoryOf } from '../process-usage.ts';
import { makeDataFolder, type Server, startStore } from '../server.ts';
import { SettledWrites } from '../settled-writes.ts';
import type { Workload } from '../workload.ts';

/** The same requests at one number of entries. */
export interface GrowthFigures {
  readonly entries: number;
  /** Entries a second that were accepted and applied, since the size before. */
  readonly loadRate: number;
  /** CPU of the server an entry, accepted and applied, microseconds. */
  readonly loadMicros: number;
  readonly requests: readonly { readonly name: string; readonly measurement: Measurement }[];
  /** After the requests. */
  readonly memory: MemoryUsage;
  readonly databaseMiB: number;
}

/** Entries loaded before the backlog is looked at. */
const chunk = 50_000;
/** The loader waits until no more than these have no outcome. */
const backlogLimit = 20_000;
const pageEntries = 100;

/** Loads one store through the public API up to each size, and measures there. */
export async function measureGrowth(bench: Bench): Promise<GrowthFigures[]> {
  const folder = await makeDataFolder();
  const store = await startStore(folder.path);
  const growth = new Growth(bench, store, folder.path);
  const figures: GrowthFigures[] = [];
  try {
    for (const size of bench.plan.sizes) figures.push(await growth.measureAt(size));
    return figures;
  } finally {
    await store.close();
    await folder.remove();
  }
}

class Growth {
  readonly #bench: Bench;
  readonly #store: Server;
  readonly #folder: string;
  #entries = 0;
  readonly #settled: SettledWrites;

  constructor(bench: Bench, store: Server, folder: string) {
    this.#bench = bench;
    this.#store = store;
    this.#folder = folder;
    this.#settled = new SettledWrites(() => [store.port]);
  }

  async measureAt(entries: number): Promise<GrowthFigures> {
    const { tell } = this.#bench;
    const loaded = await this.#load(entries);
    tell(`${entries} entries: loaded at ${Math.round(loaded.loadRate)}/s`);
    const requests: { name: string; measurement: Measurement }[] = [];
    for (const [name, workload] of Object.entries(this.#workloads(entries))) {
      const measurement = await this.#measure(workload);
      requests.push({ name, measurement });
      tell(`${entries} entries: ${name}: ${Math.round(measurement.rate)}/s, ${measurement.serverMicros.toFixed(0)} µs`);
    }
    const { size } = await stat(join(this.#folder, 'stratakv.db'));
    return { entries, ...loaded, requests, memory: memoryOf(this.#store.pid), databaseMiB: size / 2 ** 20 };
  }

  #workloads(entries: number): Record<string, Workload> {
    const { valueBytes } = this.#bench.plan;
    const get = { kind: 'get', entries, valueBytes } as const;
    return {
      'GET, zipf': { ...get, distribution: 'zipf' },
      'GET, uniform': { ...get, distribution: 'uniform' },
      'GET, no-cache': { ...get, distribution: 'uniform', isUncached: true },
      'PUT, uniform': { kind: 'put', entries, distribution: 'uniform', valueBytes },
      [`list, pages of ${pageEntries}`]: { kind: 'list', entries, limit: pageEntries },
    };
  }

  async #measure(workload: Workload): Promise<Measurement> {
    const { generator, plan } = this.#bench;
    const { connections, warmupSeconds, growthSeconds: seconds } = plan;
    const measurement = await generator.run(this.#store, { workload, connections, warmupSeconds, seconds, seed: 3 });
    if (workload.kind === 'put') await this.#settled.all(measurement.allAnswers);
    return measurement;
  }

  /** As fast as the store applies: the loader waits when it is too far ahead. */
  async #load(upTo: number): Promise<{ loadRate: number; loadMicros: number }> {
    const { generator, plan, tell } = this.#bench;
    const { connections, valueBytes } = plan;
    const before = this.#entries;
    const startedAt = performance.now();
    const cpuBefore = cpuMicrosOf(this.#store.pid);
    while (this.#entries < upTo) {
      const count = Math.min(chunk, upTo - this.#entries);
      const workload = { kind: 'put', first: this.#entries, entries: count, distribution: 'in order', valueBytes };
      const load = { connections, warmupSeconds: 0, seconds: 60, seed: 0, count };
      await generator.run(this.#store, { ...load, workload: workload as Workload });
      this.#entries += count;
      await this.#settled.all(count, this.#entries < upTo ? backlogLimit : 0);
      if (this.#entries % 500_000 === 0) tell(`loaded ${this.#entries}`);
    }
    const added = upTo - before;
    const seconds = (performance.now() - startedAt) / 1000;
    return { loadRate: added / seconds, loadMicros: (cpuMicrosOf(this.#store.pid) - cpuBefore) / added };
  }
}
