import type { ScenarioResults } from '../layers.ts';
import { number, spread, table } from './table.ts';

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
  const rows = results.map(({ name, plan, environment, seconds, failure, checks = [] }) => [
    name,
    plan.name,
    environment.startedAt.slice(0, 16).replace('T', ' '),
    environment.commit + (environment.isDirty ? ' and changes that are in no commit' : ''),
    environment.loadAverage.join(', '),
    number(seconds),
    failure === undefined && checks.every(({ isMet }) => isMet) ? 'yes' : 'no',
  ]);
  return table(
    ['scenario', 'plan', 'started (UTC)', 'commit', 'load average before', 'seconds', 'all checks passed'],
    rows,
  );
}

/** What a reader has to know before the first figure: in brackets behind a heading, or nothing. */
export function warningsOf(results: readonly ScenarioResults[]): string {
  const has = (found: (each: ScenarioResults) => boolean) => results.some(found);
  const warnings = [
    ...(has(({ failure, checks = [] }) => failure !== undefined || checks.some(({ isMet }) => !isMet))
      ? ['a check failed']
      : []),
    ...(has(({ environment }) => environment.isDirty) ? ['uncommitted changes'] : []),
    ...(has(({ plan }) => plan.name === 'quick') ? ['quick run'] : []),
  ];
  return warnings.length === 0 ? '' : ` (${warnings.join(', ')})`;
}
