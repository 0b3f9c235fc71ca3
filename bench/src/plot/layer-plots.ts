import type { Contest } from '../contest.ts';
import type { ScenarioResults } from '../layer-results.ts';
import { costKinds } from '../report/contest-section.ts';
import { barChart, stackedBars } from './bar-chart.ts';
import { lineChart } from './line-chart.ts';

export interface Plot {
  /** Name of the scenario it belongs to. */
  readonly scenario: string;
  /** Name of the file in bench/results. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** Every plot that the results give. */
export function layerPlots(results: readonly ScenarioResults[]): readonly Plot[] {
  return results.flatMap((each) => [
    ...(each.contests ?? []).flatMap((contest, index) => contestPlots(each.name, contest, index)),
    ...curvePlots(each),
  ]);
}

function contestPlots(scenario: string, { title, connections, subjects }: Contest, index: number): readonly Plot[] {
  const stem = `layers-${scenario}${index === 0 ? '' : `-${index + 1}`}`;
  const rates = `${title}, ${connections} connections: answers/s`;
  const costs = `${title}, ${connections} connections: CPU, µs an answer`;
  const bars = subjects.map(({ name, rate }) => ({ label: name, value: rate }));
  const stacks = subjects.map(({ name, cpuMicros }) => ({ label: name, parts: cpuMicros }));
  return [
    { scenario, file: `${stem}-rates.svg`, title: rates, svg: barChart(rates, bars) },
    { scenario, file: `${stem}-cpu.svg`, title: costs, svg: stackedBars(costs, costKinds(subjects), stacks) },
  ];
}

function curvePlots({ name: scenario, curves = [] }: ScenarioResults): readonly Plot[] {
  return curves.map(({ title, unitOfX, series }, index) => ({
    scenario,
    file: `layers-${scenario}-curve${index === 0 ? '' : `-${index + 1}`}.svg`,
    title,
    svg: lineChart(title, unitOfX, series),
  }));
}
