import type { Arena } from './arena.ts';
import type { LayerPlan } from './layer-plan.ts';
import type { Generator } from './load.ts';

/** What every scenario of the layered store works with. */
export interface LayerBench {
  readonly plan: LayerPlan;
  readonly generator: Generator;
  readonly arena: Arena;
  /** Tells what is being done, for people. */
  readonly tell: (text: string) => void;
}
