import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import type { Peer } from '../peers/peer.ts';
import type { Workload } from '../workload.ts';

/** Entries that are sent before it is looked at how far ahead of the consumers that is. */
const chunk = 50_000;
/** A load that is further ahead waits. */
const backlogLimit = 100_000;

/**
 * Loads what is missing of the first `upTo` entries at a gateway, until all is applied.
 *
 * @returns seconds it took
 */
export async function loadEntries(
  { generator, plan, tell }: LayerBench,
  store: LayeredStore,
  upTo: number,
): Promise<number> {
  const { loadConnections: connections, valueBytes } = plan;
  const startedAt = performance.now();
  for (let first = store.entries; first < upTo; first = store.entries) {
    const entries = Math.min(chunk, upTo - first);
    const workload: Workload = { kind: 'put', first, entries, distribution: 'in order', valueBytes };
    const { port } = store.gateway;
    const load = { connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries, port, workload };
    const { writes } = await generator.send(load);
    await store.settled.all(writes, first + entries < upTo ? backlogLimit : 0);
    store.entries = first + entries;
    if (store.entries % 500_000 === 0) tell(`loaded ${store.entries}`);
  }
  return (performance.now() - startedAt) / 1000;
}

/** The entries of the hits, in the shared store. */
export async function loadHotEntries(bench: LayerBench): Promise<LayeredStore> {
  const store = await bench.arena.store();
  await loadEntries(bench, store, bench.plan.hotEntries);
  return store;
}

/** The same entries in etcd. */
export async function loadEtcd({ generator, plan }: LayerBench, { port }: Peer): Promise<void> {
  const { connections, hotEntries: entries, valueBytes } = plan;
  const workload: Workload = { kind: 'etcd-put', entries, distribution: 'in order', valueBytes };
  await generator.send({ connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries, port, workload });
}
