import { rateRatio } from '../contest.ts';
import { atFixedRate, halfOfSlowest } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { atLeast, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { loadEtcd, loadHotEntries } from './entries.ts';

export const reads: Scenario = {
  name: 'reads',
  title: 'GET hit through Nginx and Envoy',
  about:
    'Cached entries through the whole path, against a constant route and against etcd (range), each behind Nginx and Envoy with the same configuration.',
  peers: ['etcd'],
  run: measureReads,
};

const names = {
  store: 'GET hit',
  bare: 'constant route, bare Fastify',
  kit: 'constant route, house settings',
  etcd: 'etcd range',
} as const;

async function measureReads(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan } = bench;
  const { hotEntries: entries, valueBytes } = plan;
  const store = await loadHotEntries(bench);
  const etcd = await arena.etcdBehindProxies();
  await loadEtcd(bench, await arena.etcd());
  const constant = { kind: 'constant', bytes: valueBytes } as const;
  const uniform = { entries, distribution: 'uniform', valueBytes } as const;
  const own = subjectOf(store.whole, names.store, { kind: 'get', ...uniform });
  const peer = subjectOf(etcd, names.etcd, { kind: 'etcd-range', ...uniform });
  const contest = await hold(bench, reads.title, [
    own,
    subjectOf(await arena.constantBehindProxies('bare'), names.bare, constant),
    subjectOf(await arena.constantBehindProxies('kit'), names.kit, constant),
    peer,
  ]);
  const ratio = (other: string) => rateRatio(contest, names.store, other);
  const rate = halfOfSlowest(contest, [names.store, names.etcd]);
  return {
    contests: [contest],
    fixedRates: [await atFixedRate(bench, own, rate), await atFixedRate(bench, peer, rate)],
    targets: [
      {
        work: 'GET hit through Nginx and Envoy, 64 connections',
        limit: atLeast(0.9),
        unit: 'of the constant route (bare Fastify) behind the same proxies',
        measured: ratio(names.bare),
      },
      { work: 'the same', unit: 'of the constant route (house settings)', measured: ratio(names.kit) },
      {
        work: 'the same',
        limit: atLeast(2.5),
        unit: 'of etcd range behind the same proxies',
        measured: ratio(names.etcd),
      },
    ],
  };
}
