import { summarize } from '../src/contest.ts';
import { shortLayerPlan } from '../src/layer-plan.ts';
import type { ScenarioResults } from '../src/layer-results.ts';
import type { Turn } from '../src/turn.ts';

/** A round at a rate, with the rest made up. */
export function turnAt(rate: number, cpuMicros: Record<string, number> = { gateway: 30, nginx: 20 }): Turn {
  return {
    rate,
    answers: rate,
    latency: { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 },
    cpuMicros,
    generatorMicros: 10,
    pssMiB: { gateway: 100, nginx: 5 },
    rssMiB: 120,
  };
}

/** Results of a scenario with one contest of two. */
export function resultsOf(name: string, members: Partial<ScenarioResults> = {}): ScenarioResults {
  return {
    name,
    title: `Title of ${name}`,
    about: 'What is done.',
    plan: shortLayerPlan,
    environment: {
      cpu: 'a processor',
      cores: 2,
      memoryMiB: 24_000,
      system: 'linux',
      node: 'v24',
      hasCompileCache: true,
      loadAverage: [0, 0, 0],
      flushMs: { min: 0.1, median: 0.2, max: 0.3 },
      commit: 'abcdef',
      isDirty: false,
      startedAt: '2026-11-25T12:00:00.000Z',
    },
    seconds: 60,
    othersShare: 0.01,
    contests: [
      {
        title: `Contest of ${name}`,
        connections: 64,
        subjects: [
          summarize('GET hit', [turnAt(1000), turnAt(1200), turnAt(1100)]),
          summarize('etcd range', [turnAt(500, { etcd: 90 }), turnAt(400, { etcd: 80 }), turnAt(440, { etcd: 85 })]),
        ],
      },
    ],
    ...members,
  };
}
