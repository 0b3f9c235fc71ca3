import { rateRatio, ratio } from '../contest.ts';
import { atFixedRate, halfOfSlowest } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { atLeast, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { total } from '../turn.ts';
import { loadEtcd, loadHotEntries } from './entries.ts';

export const gatewayReads: Scenario = {
  name: 'gateway-reads',
  title: 'GET hit at the gateway',
  about:
    'Cached entries without the proxies, against etcd (range) and against Webdis, which is one process in C in front of one Redis and has no layers; each asked directly.',
  peers: ['etcd', 'webdis'],
  run: measureGatewayReads,
};

const names = {
  store: 'GET hit at the gateway',
  constant: 'constant route, house settings',
  etcd: 'etcd range',
  webdis: 'Webdis GET',
} as const;

async function measureGatewayReads(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan } = bench;
  const { hotEntries: entries, valueBytes } = plan;
  const store = await loadHotEntries(bench);
  const etcd = await arena.etcd();
  await loadEtcd(bench, etcd);
  const uniform = { entries, distribution: 'uniform', valueBytes } as const;
  const own = subjectOf(store.gateway, names.store, { kind: 'get', ...uniform });
  const peer = subjectOf(etcd, names.etcd, { kind: 'etcd-range', ...uniform });
  const contest = await hold(bench, gatewayReads.title, [
    own,
    peer,
    subjectOf(await arena.webdis(), names.webdis, { kind: 'webdis-get', ...uniform }),
    subjectOf(await arena.constant('kit'), names.constant, { kind: 'constant', bytes: valueBytes }),
  ]);
  const work = 'GET hit at the gateway';
  const rate = (other: string) => rateRatio(contest, names.store, other);
  const atHalf = halfOfSlowest(contest, [names.store, names.etcd]);
  return {
    contests: [contest],
    fixedRates: [await atFixedRate(bench, own, atHalf), await atFixedRate(bench, peer, atHalf)],
    targets: [
      { work, limit: atLeast(3.5), unit: 'of etcd range over HTTP', measured: rate(names.etcd) },
      { work, unit: 'of Webdis GET', measured: rate(names.webdis) },
      {
        work,
        unit: "of Webdis's CPU a request",
        measured: ratio(contest, names.store, names.webdis, ({ cpuMicros }) => total(cpuMicros)),
      },
    ],
  };
}
