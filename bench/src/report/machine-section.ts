import { hasPassed, type ScenarioResults } from '../layer-results.ts';
import { number, spread, table } from './table.ts';

/** More of the machine than this for others, and the figures are not what they could be. */
const busyShare = 0.05;

/** Where the figures come from. Scenarios that were run apart may come from different commits, which is said. */
export function renderMachine(results: readonly ScenarioResults[]): string {
  const last = results.at(-1);
  if (last === undefined) return 'There are no results yet.';
  const { cpu, cores, memoryMiB, system, node, flushMs } = last.environment;
  const machine = [
    ['CPU', `${cpu}, ${cores} cores, shared by the servers and the load generator`],
    ['memory', `${number(memoryMiB)} MiB`],
    ['system', system],
    ['Node', node],
    ['4 KiB and fdatasync, ms', spread(flushMs)],
  ];
  return [table(['machine', ''], machine), renderRuns(results)].join('\n\n');
}

function renderRuns(results: readonly ScenarioResults[]): string {
  const rows = results.map((each) => {
    const { name, plan, environment, seconds, cpuSeconds, othersShare } = each;
    return [
      name,
      `${plan.name}, ${plan.rounds} x ${plan.roundSeconds} s`,
      environment.startedAt.slice(0, 16).replace('T', ' '),
      environment.commit + (environment.isDirty ? ' and changes that are in no commit' : ''),
      number(seconds),
      cpuSeconds === undefined ? '' : number(cpuSeconds),
      `${number(othersShare * 100)} %`,
      hasPassed(each) ? 'yes' : '**no**',
    ];
  });
  return table(
    [
      'scenario',
      'plan',
      'started (UTC)',
      'commit',
      'seconds',
      'CPU seconds',
      'CPU taken by other work',
      'all checks passed',
    ],
    rows,
  );
}

/** What a reader has to know before the first figure: in brackets behind a heading, or nothing. */
export function warningsOf(results: readonly ScenarioResults[]): string {
  const has = (found: (each: ScenarioResults) => boolean) => results.some(found);
  const warnings = [
    ...(has((each) => !hasPassed(each)) ? ['a check failed'] : []),
    ...(has(({ environment }) => environment.isDirty) ? ['uncommitted changes'] : []),
    ...(has(({ othersShare }) => othersShare > busyShare) ? ['beside other work'] : []),
    ...(has(({ plan }) => plan.name === 'quick') ? ['quick run'] : []),
  ];
  return warnings.length === 0 ? '' : ` (${warnings.join(', ')})`;
}
