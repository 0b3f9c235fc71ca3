import type { ScenarioResults } from '../layer-results.ts';
import { layerPlots } from '../plot/layer-plots.ts';
import { renderLayers } from './layers-report.ts';
import { renderLoadTests } from './load-tests-page.ts';

/** Every page and plot that follows from the results on the layered store, by its path in the repository. */
export function pagesOf(results: readonly ScenarioResults[]): ReadonlyMap<string, string> {
  const plots = layerPlots(results);
  return new Map([
    ['bench/results/layers.md', renderLayers(results, plots)],
    ...plots.map(({ file, svg }): [string, string] => [`bench/results/${file}`, svg]),
    ['docs/load-tests.md', renderLoadTests(results, plots)],
  ]);
}
