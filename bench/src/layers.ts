import { Arena } from './arena.ts';
import { type Environment, readEnvironment } from './environment.ts';
import type { LayerPlan } from './layer-plan.ts';
import { reads } from './layers/reads.ts';
import type { Generator } from './load.ts';
import type { Scenario, ScenarioFigures } from './scenario.ts';

/** Every scenario, in the order in which they run: those that want a fresh store come first. */
export const scenarios: readonly Scenario[] = [reads];

/** What one scenario gave when it ran last, and where and how that was. */
export interface ScenarioResults extends ScenarioFigures {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly plan: LayerPlan;
  readonly environment: Environment;
  readonly seconds: number;
  /** The first answer that was wrong, or whatever else ended it early. */
  readonly failure?: string;
}

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
  const open = () => Arena.open({ entries, valueBytes, tell });
  let arena = await open();
  try {
    for (const { name, title, about, run } of chosen) {
      tell(title);
      const startedAt = performance.now();
      const figures = await run({ plan, generator, arena, tell }).catch(async (error: unknown) => {
        const failure = error instanceof Error ? error.message : String(error);
        tell(`FAILED: ${title}: ${failure}`);
        // What it left behind, such as writes that nobody counted, is not for the next one.
        await arena.close();
        arena = await open();
        return { failure };
      });
      const seconds = (performance.now() - startedAt) / 1000;
      results.push({ name, title, about, plan, environment, seconds, ...figures });
    }
    return results;
  } finally {
    await arena.close();
  }
}
