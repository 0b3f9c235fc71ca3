import { rateRatio } from '../contest.ts';
import { atFixedRate, type FixedRate, halfOfSlowest } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { atLeast, type Scenario, type ScenarioFigures } from '../scenario.ts';
import { subjectOf } from '../subject.ts';
import { loadEtcd } from './entries.ts';

export const embeddedPeers: Scenario = {
  name: 'embedded-peers',
  title: 'The embedded store beside etcd',
  about:
    'The store as one process over SQLite, and etcd, each asked directly. Both have a write on disk before they answer.',
  peers: ['etcd'],
  run: measureEmbedded,
};

const names = { get: 'embedded GET', put: 'embedded PUT, durable', range: 'etcd range', etcdPut: 'etcd put' } as const;
const reads: readonly string[] = [names.get, names.range];
const writes: readonly string[] = [names.put, names.etcdPut];

async function measureEmbedded(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan, generator } = bench;
  const { hotEntries: entries, valueBytes, connections } = plan;
  const { peer, settled } = await arena.embedded();
  const etcd = await arena.etcd();
  await loadEtcd(bench, etcd);
  const put = { kind: 'put', entries, valueBytes } as const;
  const filling = { connections, warmupSeconds: 0, seconds: 60, seed: 0, count: entries };
  await generator.send({ ...filling, port: peer.port, workload: { ...put, distribution: 'in order' } });
  await settled.all(entries);
  const uniform = { entries, distribution: 'uniform', valueBytes } as const;
  const settle = async (accepted: number) => void (await settled.all(accepted));
  const subjects = [
    subjectOf(peer, names.get, { kind: 'get', ...uniform }),
    subjectOf(etcd, names.range, { kind: 'etcd-range', ...uniform }),
    subjectOf(peer, names.put, { kind: 'put', ...uniform }, { settle }),
    subjectOf(etcd, names.etcdPut, { kind: 'etcd-put', ...uniform }),
  ];
  const contest = await hold(bench, embeddedPeers.title, subjects);
  const atHalf = { reads: halfOfSlowest(contest, reads), writes: halfOfSlowest(contest, writes) };
  const fixedRates: FixedRate[] = [];
  for (const subject of subjects) {
    fixedRates.push(await atFixedRate(bench, subject, reads.includes(subject.name) ? atHalf.reads : atHalf.writes));
  }
  return {
    contests: [contest],
    fixedRates,
    targets: [
      {
        work: names.get,
        limit: atLeast(3),
        unit: 'of etcd range',
        measured: rateRatio(contest, names.get, names.range),
      },
      {
        work: names.put,
        limit: atLeast(2),
        unit: 'of etcd put',
        measured: rateRatio(contest, names.put, names.etcdPut),
      },
    ],
  };
}
