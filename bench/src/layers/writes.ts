import { type Contest, rateRatio } from '../contest.ts';
import { atFixedRate, type FixedRate } from '../fixed-rate.ts';
import { hold } from '../hold.ts';
import type { LayerBench } from '../layer-bench.ts';
import { atLeast, atMost, type Scenario, type ScenarioFigures, type Target } from '../scenario.ts';
import { spreadOf } from '../spread.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { loadEtcd, loadHotEntries } from './entries.ts';

export const writes: Scenario = {
  name: 'writes',
  title: 'PUT through Nginx and Envoy',
  about:
    'Writes that are answered when they are accepted (202: the broker has them on disk) and writes that wait until they are applied (`Prefer: wait`), against put of etcd, which flushes to disk, behind the same proxies. The next turn begins when all that was accepted is applied.',
  peers: ['etcd'],
  run: measureWrites,
};

const names = { accepted: 'PUT accepted (202)', waited: 'PUT waited', etcd: 'etcd put' } as const;
const waitSeconds = 10;
const manyConnections = 256;
/** Requests a second at which the times are compared. */
const slowRate = 500;

type Three<Each> = readonly [accepted: Each, waited: Each, peer: Each];

async function measureWrites(bench: LayerBench): Promise<ScenarioFigures> {
  const { arena, plan } = bench;
  const { hotEntries: entries, valueBytes } = plan;
  const store = await loadHotEntries(bench);
  const etcd = await arena.etcdBehindProxies();
  await loadEtcd(bench, await arena.etcd());
  const uniform = { entries, distribution: 'uniform', valueBytes } as const;
  const { whole, settle } = store;
  const accepted = subjectOf(whole, names.accepted, { kind: 'put', ...uniform }, { settle });
  const waited = subjectOf(whole, names.waited, { kind: 'put', ...uniform, waitSeconds }, { settle });
  const peer = subjectOf(etcd, names.etcd, { kind: 'etcd-put', ...uniform });
  const all: Three<Subject> = [accepted, waited, peer];
  const few = await hold(bench, writes.title, all);
  const many = await hold(bench, writes.title, all, { connections: manyConnections });
  const slow = await timesInTurns(bench, all);
  return {
    contests: [few, many],
    fixedRates: slow.flat(),
    targets: [
      ...rateTargets(few),
      ...rateTargets(many),
      {
        work: `PUT waited, p99 at ${slowRate}/s`,
        limit: atMost(3),
        unit: "of etcd's p99 behind the same proxies",
        measured: spreadOf(slow.map(([, own, other]) => own.latency.p99 / other.latency.p99)),
      },
    ],
  };
}

function rateTargets(contest: Contest): Target[] {
  const unit = 'of etcd put behind the same proxies';
  const row = (name: string, value: number): Target => ({
    work: `${name} through Nginx and Envoy, ${contest.connections} connections`,
    limit: atLeast(value),
    unit,
    measured: rateRatio(contest, name, names.etcd),
  });
  return [row(names.accepted, 1), row(names.waited, 0.5)];
}

/** @returns for each round the times of each */
async function timesInTurns(bench: LayerBench, subjects: Three<Subject>): Promise<Three<FixedRate>[]> {
  const rounds: Three<FixedRate>[] = [];
  for (let round = 0; round < bench.plan.rounds; round += 1) {
    const at = (subject: Subject) => atFixedRate(bench, subject, slowRate, { seed: 100 + round });
    const [accepted, waited, peer] = subjects;
    rounds.push([await at(accepted), await at(waited), await at(peer)]);
  }
  return rounds;
}
