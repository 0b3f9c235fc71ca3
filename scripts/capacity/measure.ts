import { setTimeout as sleep } from 'node:timers/promises';
import { sumMetric } from '../../bench/src/metrics.ts';
import type { NativeStore } from '../../bench/src/native-store.ts';
import { type Load, type LoadFigures, loads, runLoad } from '../../bench/src/quick/load.ts';
import { SettledWrites } from '../../bench/src/settled-writes.ts';
import { type ByKind, cpuByKind, memoryByKind } from '../../bench/src/usage.ts';
import { type CacheSize, cacheSize, type TableSize, tableSize } from './sizes.ts';

export const entries = 16_000;
export const loadSeconds = 8;
const warmUpSeconds = 2;
const idleSeconds = 4;

/** A load, and what it cost beyond what an idle store takes. */
export interface LoadCost extends LoadFigures {
  readonly name: string;
  /** CPU seconds a 1,000 requests, until the last of their writes was applied. */
  readonly cpu: ByKind;
}

export interface CapacityFigures {
  readonly costs: readonly LoadCost[];
  /** CPU seconds a second of a store that nobody uses. */
  readonly idleCpu: ByKind;
  /** MiB, after all loads. */
  readonly memory: ByKind;
  /** With each entry written once, and after all loads. */
  readonly newEntries: TableSize;
  readonly usedEntries: TableSize;
  readonly operations: TableSize;
  /** What the entries added to Redis. */
  readonly cached: CacheSize;
}

/** @throws Error when the store answers what it should not, or a cached read was not of the cache */
export async function measureCapacity(store: NativeStore, tell: (line: string) => void): Promise<CapacityFigures> {
  const settled = new SettledWrites(() => portsOf(store, 'consumer'));
  const before = await cacheSize(store);
  const idleCpu = await idle(store);
  const filled = await runLoad(store.url, loads.put, entries);
  await settled.all(filled.requests);
  tell(`${entries} entries, ${Math.round(filled.rate)} a second`);
  const newEntries = await tableSize(store, 'entries');
  const costs: LoadCost[] = [];
  for (const load of [loads.get, loads.put, loads.waitedPut]) {
    const cost = await costOf(store, load, idleCpu, settled);
    tell(`${cost.name}: ${Math.round(cost.rate)} a second`);
    costs.push(cost);
  }
  const after = await cacheSize(store);
  return {
    costs,
    idleCpu,
    memory: memoryByKind(store.processes()),
    newEntries,
    usedEntries: await tableSize(store, 'entries'),
    operations: await tableSize(store, 'operations'),
    cached: { keys: after.keys - before.keys, bytes: after.bytes - before.bytes },
  };
}

async function idle(store: NativeStore): Promise<ByKind> {
  const before = cpuByKind(store.processes());
  await sleep(idleSeconds * 1000);
  const after = cpuByKind(store.processes());
  return new Map([...after].map(([kind, cpu]) => [kind, (cpu - (before.get(kind) ?? 0)) / idleSeconds]));
}

async function costOf(store: NativeStore, load: Load, idleCpu: ByKind, settled: SettledWrites): Promise<LoadCost> {
  const isRead = load === loads.get;
  const warmUp = await runLoad(store.url, load, entries, warmUpSeconds);
  if (!isRead) await settled.all(warmUp.requests);
  const missesBefore = await databaseReads(store);
  const startedAt = performance.now();
  const before = cpuByKind(store.processes());
  const figures = await runLoad(store.url, load, entries, loadSeconds);
  if (!isRead) await settled.all(figures.requests);
  const after = cpuByKind(store.processes());
  const seconds = (performance.now() - startedAt) / 1000;
  const misses = (await databaseReads(store)) - missesBefore;
  if (isRead && misses > figures.requests / 100) throw new Error(`${misses} of ${figures.requests} reads missed`);
  const cpu = [...after].map(([kind, used]): [string, number] => {
    const own = used - (before.get(kind) ?? 0) - (idleCpu.get(kind) ?? 0) * seconds;
    return [kind, Math.max(0, (own / figures.requests) * 1000)];
  });
  return { ...figures, name: load.name, cpu: new Map(cpu) };
}

/** Keys that storage nodes have read from the database. */
function databaseReads(store: NativeStore): Promise<number> {
  return sumMetric(portsOf(store, 'storage-node'), 'kv_database_read_keys_sum');
}

function portsOf(store: NativeStore, kind: string): readonly number[] {
  return store.processes().flatMap((each) => (each.kind === kind ? [each.port] : []));
}
