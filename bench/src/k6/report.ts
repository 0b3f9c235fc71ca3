import { type KindName, kindNames, kinds, metricNames } from '../../k6/kinds.ts';
import { scenarios } from '../../k6/scenarios.ts';
import { partNames } from '../../k6/thresholds.ts';
import type { Environment } from '../environment.ts';
import { renderEnvironment } from '../report/embedded-report.ts';
import { number, table } from '../report/table.ts';
import { commandOf, type K6Command } from './arguments.ts';
import type { Figures, ThresholdFigures } from './figures.ts';
import type { Point } from './recording.ts';

const afterSpike = ', after the spike';

/** One run, with all that a report says. */
export interface K6Run {
  readonly command: K6Command;
  /** Of k6. */
  readonly version: string;
  readonly environment: Environment;
  readonly figures: Figures;
  readonly points: readonly Point[];
}

/** The report as Markdown, with the plot beside it in `SCENARIO.svg`. */
export function renderReport(run: K6Run): string {
  const { command, version, environment, figures } = run;
  const { scenario, url } = command;
  const store =
    url === undefined ? 'a native store of its own, with its default counts' : 'a store whose address was given';
  const sections = [
    `# k6 ${scenario}${marksOf(run)}`,
    `${scenarios[scenario].about.replace(/^./, (letter) => letter.toUpperCase())}. ${environment.startedAt}, commit ${environment.commit}, k6 ${version}, \`${commandOf(command)}\`, on ${store}.`,
    renderParameters(run),
    renderKinds(run),
    `![Requests a second, and p95, over time](${scenario}.svg)`,
    renderThresholds(figures),
    renderChecks(run),
    renderEnvironment(environment),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** What has to be known before any figure is read. */
export function marksOf({ environment, figures }: Pick<K6Run, 'environment' | 'figures'>): string {
  const failed = figures.thresholds.filter(({ holds }) => !holds).length;
  const marks = [
    ...(failed > 0 ? [`${failed} of ${figures.thresholds.length} thresholds failed`] : []),
    ...(environment.isDirty ? ['uncommitted changes'] : []),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}

function renderParameters({ command }: K6Run): string {
  const { rate, seconds, keys, valueBytes, connections } = command.parameters;
  const rows = [
    ['steps a second, at most', number(rate)],
    ['seconds', number(seconds)],
    ['entries', keys.toLocaleString('en-US')],
    ['bytes of a value', valueBytes.toLocaleString('en-US')],
    ['connections, at most', connections.toLocaleString('en-US')],
  ];
  return `## Parameters\n\n${table(['', ''], rows)}`;
}

/** What was answered, and how fast. */
export function renderKinds({ command, figures }: Pick<K6Run, 'command' | 'figures'>): string {
  const rows = figures.kinds.map(({ kind, answers, rate, p50, p90, p95, p99, max, shed, unexpected }) => [
    kinds[kind].title,
    whole(answers),
    number(rate),
    ...[p50, p90, p95, p99, max].map(number),
    whole(shed),
    whole(unexpected),
  ]);
  const head = ['', 'answers', 'a second', 'p50, ms', 'p90', 'p95', 'p99', 'max', 'shed', 'unexpected'];
  const { requests, shed, unexpected, late, dropped } = figures;
  const totals = `${whole(requests)} requests, ${number(requests / command.parameters.seconds)} a second; ${whole(shed)} shed (429, or 503 with \`Retry-After\`), ${whole(unexpected)} unexpected, ${whole(dropped)} steps dropped because no connection was free, ${whole(late)} waits that ended before the write was applied. Times are those of answers that were as expected, from sending to the last byte.`;
  return `## Requests\n\n${totals}\n\n${table(head, rows)}`;
}

/** The thresholds that did not hold, a line each. */
export function failuresOf({ thresholds }: Figures): readonly string[] {
  return thresholds
    .filter(({ holds }) => !holds)
    .map((threshold) => `${titleOf(threshold.metric)}: ${measuredOf(threshold)}, not ${threshold.limit}`);
}

/** A line for each metric: k6 hands them over in any order. */
function renderThresholds({ thresholds }: Figures): string {
  const byTitle = Map.groupBy(thresholds, ({ metric }) => titleOf(metric));
  const rows = [...byTitle].map(([title, each]) => {
    const sorted = each.toSorted((one, other) => placeOf(one) - placeOf(other));
    const failed = each.filter(({ holds }) => !holds).map(({ limit }) => `\`${limit}\``);
    return [
      title,
      sorted.map(({ limit }) => `\`${limit}\``).join(' '),
      sorted.map(measuredOf).join(' / '),
      failed.length === 0 ? 'holds' : `**FAILED**: ${failed.join(' ')}`,
    ];
  });
  const isTime = (title: string) => kindNames.some((kind) => title.startsWith(kinds[kind].title));
  const order = (title: string) => `${isTime(title) ? 1 : 0}${title.includes(afterSpike) ? 1 : 0}${title}`;
  const sorted = rows.toSorted(([one = ''], [other = '']) => (order(one) < order(other) ? -1 : 1));
  return `## Thresholds\n\nTimes in milliseconds.\n\n${table(['', 'limits', 'measured', ''], sorted)}`;
}

const places = ['p(95)', 'p(99)', 'max'];

function placeOf({ limit }: ThresholdFigures): number {
  return places.findIndex((place) => limit.startsWith(place));
}

function measuredOf({ limit, measured }: ThresholdFigures): string {
  return limit.startsWith('count') ? whole(measured) : number(measured);
}

function titleOf(metric: string): string {
  const [name = '', part] = metric.split('{');
  const kind: KindName | undefined = kindNames.find((each) => metricNames.time(each) === name);
  const titles: Readonly<Record<string, string>> = {
    [metricNames.requests]: 'requests',
    [metricNames.allShed]: 'shed',
    [metricNames.allUnexpected]: 'unexpected answers',
    [metricNames.late]: 'waits that ended too early',
    checks: 'checks',
    dropped_iterations: 'dropped steps',
  };
  const title = kind === undefined ? (titles[name] ?? name) : kinds[kind].title;
  return part?.includes(partNames.recovery) ? `${title}${afterSpike}` : title;
}

function renderChecks({ figures }: K6Run): string {
  const rows = figures.checks.map(({ name, passes, fails }) => {
    const [kind = '', ...words] = name.split(': ');
    const isKind = (word: string): word is KindName => Object.hasOwn(kinds, word);
    return [`${isKind(kind) ? kinds[kind].title : kind}: ${words.join(': ')}`, whole(passes), whole(fails)];
  });
  return `## Checks\n\n${table(['every answer', 'passed', 'failed'], rows)}`;
}

function whole(value: number): string {
  return value.toLocaleString('en-US');
}
