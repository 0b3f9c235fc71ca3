import { kindNames, kinds, metricNames } from './kinds.ts';
import { type Parameters, type ScenarioName, scenarios } from './scenarios.ts';
import { planOf, stepsDue } from './stages.ts';

/** k6's names of the two parts of a run, and of the function that both call. */
export const partNames = { main: 'main', recovery: 'recovery' } as const;

/** The parts of a run that the store has to be itself again in, and how patient we are with it then. */
const recoveryPatience = 4;

/** Steps after which each kind has had its turn. */
const certainAfter = 200;

/** What a run has to hold, as k6 reads it: by metric. */
export function thresholdsOf(name: ScenarioName, parameters: Parameters): Record<string, string[]> {
  const { maySwamp, maxDropped, patience } = scenarios[name];
  const plan = planOf(name, parameters);
  const thresholds: Record<string, string[]> = {
    [metricNames.allUnexpected]: ['count==0'],
    checks: ['rate==1'],
    // k6 may miss the very last one of a part.
    dropped_iterations: [`count<=${Math.max(1, Math.floor(stepsDue(plan) * maxDropped))}`],
    // A store that answers nothing at all has no slow answers either.
    [metricNames.requests]: [`count>=${Math.floor(stepsDue(plan) * (1 - maxDropped) * 0.98)}`],
  };
  if (!maySwamp) {
    thresholds[metricNames.allShed] = ['count==0'];
    thresholds[metricNames.late] = ['count==0'];
  }
  const everyKind = stepsDue(plan) >= certainAfter ? ['max>0'] : [];
  for (const kind of kindNames) {
    thresholds[metricNames.time(kind)] = [...limits(kind, patience), ...everyKind];
    if (plan.recovery !== undefined)
      thresholds[`${metricNames.time(kind)}{scenario:${partNames.recovery}}`] = limits(kind, recoveryPatience);
  }
  return thresholds;
}

function limits(kind: keyof typeof kinds, patience: number): string[] {
  const { p95, p99 } = kinds[kind];
  return [`p(95)<${p95 * patience}`, `p(99)<${p99 * patience}`];
}
