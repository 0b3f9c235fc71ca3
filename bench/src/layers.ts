import { Arena } from './arena.ts';
import { readEnvironment } from './environment.ts';
import type { LayerPlan } from './layer-plan.ts';
import type { ScenarioResults } from './layer-results.ts';
import { connections } from './layers/connections.ts';
import { costs } from './layers/costs.ts';
import { drain } from './layers/drain.ts';
import { embeddedPeers } from './layers/embedded-peers.ts';
import { gatewayReads } from './layers/gateway-reads.ts';
import { growth } from './layers/growth.ts';
import { misses } from './layers/misses.ts';
import { mixed } from './layers/mixed.ts';
import { reads } from './layers/reads.ts';
import { scaling } from './layers/scaling.ts';
import { writes } from './layers/writes.ts';
import type { Generator } from './load.ts';
import { OtherWork } from './other-work.ts';
import type { Scenario } from './scenario.ts';

/**
 * Every scenario, in the order in which they run. Most share one store, which `costs` makes larger and `mixed` fills with
 * values of its own; the last three have stores of theirs.
 */
export const scenarios: readonly Scenario[] = [
  reads,
  gatewayReads,
  writes,
  embeddedPeers,
  connections,
  costs,
  misses,
  mixed,
  drain,
  growth,
  scaling,
];

export interface LayerRun {
  readonly plan: LayerPlan;
  readonly generator: Generator;
  readonly chosen: readonly Scenario[];
  readonly tell: (text: string) => void;
}

/** Runs scenarios one after another. One that fails is told with its reason, and does not keep the others from running. */
export async function benchLayers({ plan, generator, chosen, tell }: LayerRun): Promise<ScenarioResults[]> {
  const results: ScenarioResults[] = [];
  const environment = readEnvironment();
  const { hotEntries: entries, valueBytes } = plan;
  const arena = await Arena.open({ entries, valueBytes, tell });
  try {
    for (const { name, title, about, run } of chosen) {
      tell(title);
      const startedAt = performance.now();
      const others = new OtherWork();
      const figures = await run({ plan, generator, arena, tell }).catch(async (error: unknown) => {
        const failure = error instanceof Error ? error.message : String(error);
        tell(`FAILED: ${title}: ${failure}`);
        // What it left behind, such as writes that nobody counted, is not for the next one.
        await arena.clear();
        return { failure };
      });
      const seconds = (performance.now() - startedAt) / 1000;
      const usage = { cpuSeconds: others.allSeconds(), othersShare: others.share() };
      results.push({ name, title, about, plan, environment, seconds, ...usage, ...figures });
    }
    return results;
  } finally {
    await arena.close();
  }
}
