import { CacheLimit } from '../cache-limit.ts';
import { rateRatio } from '../contest.ts';
import { atFixedRate, halfOfSlowest } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import type { LayeredStore } from '../layered-store.ts';
import { number } from '../report/table.ts';
import { atLeast, type Check, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { loadEntries } from './entries.ts';

export const misses: Scenario = {
  name: 'misses',
  title: 'GET miss at the gateway',
  about:
    'GETs of any entry, each as likely as the other, with room in the cache for one in a hundred, against GETs that hit. In the turn of the hits the cache has its usual size.',
  run: measureMisses,
};

const names = { miss: 'GET miss', hit: 'GET hit' } as const;
/** Share of the entries that the cache has room for. */
const cachedShare = 0.01;
/** Less, and it was not misses that were measured. */
const leastMissed = 0.9;

async function measureMisses(bench: LayerBench): Promise<ScenarioFigures> {
  const { plan, arena } = bench;
  const entries = plan.sizes.at(-1) as number;
  const store = await arena.store();
  await loadEntries(bench, store, entries);
  const cache = await CacheLimit.of(store);
  try {
    const counts = new MissCount(store);
    const small = async () => {
      await cache.keepEntries(entries * cachedShare);
      await counts.begin();
    };
    const usual = async () => {
      await counts.end();
      await cache.lift();
      await touch(bench, store);
    };
    await usual();
    const { valueBytes, hotEntries } = plan;
    const any = { kind: 'get', distribution: 'uniform', valueBytes } as const;
    const few = Math.min(hotEntries, entries);
    const miss = subjectOf(store.gateway, names.miss, { ...any, entries }, { prepare: small });
    const hit = subjectOf(store.gateway, names.hit, { ...any, entries: few }, { prepare: usual });
    const contest = await hold(bench, misses.title, [miss, hit]);
    const atHalf = halfOfSlowest(contest, [names.miss, names.hit]);
    const fixedRates = [await atFixedRate(bench, miss, atHalf), await atFixedRate(bench, hit, atHalf)];
    return {
      contests: [contest],
      fixedRates,
      facts: [{ name: 'room in the cache', value: entries * cachedShare, unit: `of ${number(entries)} entries` }],
      checks: [counts.check()],
      targets: [
        {
          work: `GET miss (${number(entries)} entries, cache of 1 %) at the gateway`,
          limit: atLeast(0.5),
          unit: 'of the hit rate',
          measured: rateRatio(contest, names.miss, names.hit),
        },
      ],
    };
  } finally {
    await cache.lift();
    cache.close();
  }
}

/** Brings the entries of the hits back into the cache. */
async function touch({ generator, plan }: LayerBench, store: LayeredStore): Promise<void> {
  const { connections, hotEntries: entries, valueBytes } = plan;
  const workload = { kind: 'get', entries, distribution: 'in order', valueBytes } as const;
  const load = { connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries };
  await generator.send({ ...load, port: store.gateway.port, workload });
}

/** How many of the reads in the turns of the misses were misses, by what the storage nodes count. */
class MissCount {
  readonly #store: LayeredStore;
  #before: readonly [number, number] | undefined;
  #missed = 0;
  #read = 0;

  constructor(store: LayeredStore) {
    this.#store = store;
  }

  async begin(): Promise<void> {
    this.#before = await this.#counts();
  }

  async end(): Promise<void> {
    if (this.#before === undefined) return;
    const [read, missed] = await this.#counts();
    this.#read += read - this.#before[0];
    this.#missed += missed - this.#before[1];
    this.#before = undefined;
  }

  check(): Check {
    const share = this.#missed / this.#read;
    return {
      what: `at least ${leastMissed * 100} % of the reads missed`,
      isMet: share >= leastMissed,
      detail: `${number(share * 100)} % of ${number(this.#read)} keys were read from the database`,
    };
  }

  #counts(): Promise<[number, number]> {
    const of = (name: string) => this.#store.metric('storage-node', name);
    return Promise.all([of('kv_reads_total'), of('kv_database_read_keys_sum')]);
  }
}
