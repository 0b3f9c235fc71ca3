import type { Environment } from './environment.ts';
import type { LayerPlan } from './layer-plan.ts';
import type { ScenarioFigures } from './scenario.ts';

/** What one scenario gave when it ran last, and where and how that was. */
export interface ScenarioResults extends ScenarioFigures {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly plan: LayerPlan;
  readonly environment: Environment;
  readonly seconds: number;
  /** CPU seconds of the whole machine meanwhile: stores, peers and load generator. */
  readonly cpuSeconds?: number;
  /** Share of the machine's CPU time that other work took meanwhile, 0 to 1. */
  readonly othersShare: number;
  /** The first answer that was wrong, or whatever else ended it early. */
  readonly failure?: string;
}

/** Whether it ran to its end and every check passed. */
export function hasPassed({ failure, checks = [] }: ScenarioResults): boolean {
  return failure === undefined && checks.every(({ isMet }) => isMet);
}

/**
 * Puts results in the place of earlier ones of the same scenarios.
 *
 * @param order names of the scenarios; results of others are dropped
 */
export function mergeResults(
  earlier: readonly ScenarioResults[],
  newer: readonly ScenarioResults[],
  order: readonly string[],
): readonly ScenarioResults[] {
  const known = new Map([...earlier, ...newer].map((each) => [each.name, each]));
  return order.flatMap((name) => known.get(name) ?? []);
}
