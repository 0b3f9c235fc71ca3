import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { EmbeddedResults } from './embedded.ts';
import { type ScenarioResults, scenarios } from './layers.ts';
import { layerPlots } from './plot/layer-plots.ts';
import { renderLayers } from './report/layers-report.ts';
import { renderLoadTests } from './report/load-tests-page.ts';

const folder = new URL('../results/', import.meta.url);

/** Every page and plot that follows from the results, by its path from the folder of the repository. */
export function pagesOf(results: readonly ScenarioResults[]): ReadonlyMap<string, string> {
  return new Map([
    ['bench/results/layers.md', renderLayers(results, layerPlots(results))],
    ...layerPlots(results).map(({ file, svg }): [string, string] => [`bench/results/${file}`, svg]),
    ['docs/load-tests.md', renderLoadTests(results)],
  ]);
}

/** What is in bench/results; nothing when there is no file yet. */
export function readLayerResults(): readonly ScenarioResults[] {
  try {
    return JSON.parse(readFileSync(new URL('layers.json', folder), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Puts results in the place of earlier ones of the same scenarios, and writes the pages anew. */
export function writeLayerResults(results: readonly ScenarioResults[]): void {
  const all = mergeResults(readLayerResults(), results);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('layers.json', folder), `${JSON.stringify(all, undefined, 1)}\n`);
  writePages(all);
}

/** @returns one result for each scenario, the newer one, in the order of the scenarios */
export function mergeResults(
  earlier: readonly ScenarioResults[],
  newer: readonly ScenarioResults[],
): readonly ScenarioResults[] {
  const known = new Map([...earlier, ...newer].map((each) => [each.name, each]));
  return scenarios.flatMap(({ name }) => known.get(name) ?? []);
}

export function writePages(results: readonly ScenarioResults[]): void {
  for (const [path, text] of pagesOf(results)) writeFileSync(new URL(`../../${path}`, import.meta.url), text);
}

export function writeEmbeddedResults(results: EmbeddedResults, report: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('embedded.json', folder), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(new URL('embedded.md', folder), report);
}
