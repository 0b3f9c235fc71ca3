import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { EmbeddedResults } from './embedded.ts';
import { mergeResults, type ScenarioResults } from './layer-results.ts';
import { pagesOf } from './report/pages.ts';

const root = new URL('../../', import.meta.url);
const folder = new URL('../results/', import.meta.url);

/** What is in bench/results/layers.json; nothing when there is no file yet. */
export function readLayerResults(): readonly ScenarioResults[] {
  try {
    return JSON.parse(readFileSync(new URL('layers.json', folder), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Puts results in the place of earlier ones of the same scenarios, and writes the pages anew.
 *
 * @param order names of all scenarios
 */
export function writeLayerResults(results: readonly ScenarioResults[], order: readonly string[]): void {
  const all = mergeResults(readLayerResults(), results, order);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('layers.json', folder), `${JSON.stringify(all, undefined, 1)}\n`);
  writePages(all);
}

/** Writes what follows from the results; plots that no longer do are removed. */
export function writePages(results: readonly ScenarioResults[]): void {
  const pages = pagesOf(results);
  for (const file of plotFiles()) if (!pages.has(file)) rmSync(new URL(file, root));
  for (const [path, text] of pages) writeFileSync(new URL(path, root), text);
}

/** The plots that are there, by their paths in the repository. */
export function plotFiles(): readonly string[] {
  const names = readdirSync(folder).filter((name) => /^layers-.*\.svg$/.test(name));
  return names.map((name) => `bench/results/${name}`);
}

export function writeEmbeddedResults(results: EmbeddedResults, report: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('embedded.json', folder), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(new URL('embedded.md', folder), report);
}
