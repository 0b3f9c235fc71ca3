import type { Generator } from './load.ts';
import type { Plan } from './plan.ts';

/** What every scenario works with. */
export interface Bench {
  readonly plan: Plan;
  readonly generator: Generator;
  /** Tells what is being done, for people. */
  readonly tell: (text: string) => void;
}
