import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import type { Peer } from '../peers/peer.ts';
import type { Workload } from '../workload.ts';

/** Entries that are sent before it is looked at how far ahead of the consumers that is. */
const chunk = 50_000;
/** A load that is further ahead waits. */
const backlogLimit = 100_000;

/** Loads entries `from` to `to` through the public API, until all are applied. @returns seconds it took */
export async function loadEntries(
  { generator, plan, tell }: LayerBench,
  store: LayeredStore,
  from: number,
  to: number,
): Promise<number> {
  const { connections, valueBytes } = plan;
  const startedAt = performance.now();
  for (let first = from; first < to; first += chunk) {
    const entries = Math.min(chunk, to - first);
    const workload: Workload = { kind: 'put', first, entries, distribution: 'in order', valueBytes };
    const { port } = store.whole;
    const load = { connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries, port, workload };
    const { allAnswers } = await generator.send(load);
    await store.settled.all(allAnswers, first + entries < to ? backlogLimit : 0);
    if ((first + entries) % 500_000 === 0) tell(`loaded ${first + entries}`);
  }
  return (performance.now() - startedAt) / 1000;
}

/** The entries of the hits, in the shared store. */
export async function loadHotEntries(bench: LayerBench): Promise<LayeredStore> {
  const store = await bench.arena.store();
  await loadEntries(bench, store, 0, bench.plan.hotEntries);
  return store;
}

/** The same entries in etcd. */
export async function loadEtcd({ generator, plan }: LayerBench, { port }: Peer): Promise<void> {
  const { connections, hotEntries: entries, valueBytes } = plan;
  const workload: Workload = { kind: 'etcd-put', entries, distribution: 'in order', valueBytes };
  await generator.send({ connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries, port, workload });
}
