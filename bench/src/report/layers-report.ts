import type { ScenarioResults } from '../layer-results.ts';
import type { Plot } from '../plot/layer-plots.ts';
import type { Check, Fact } from '../scenario.ts';
import { renderContest, renderCosts } from './contest-section.ts';
import { renderFixedRates } from './latency-section.ts';
import { renderMachine, warningsOf } from './machine-section.ts';
import { number, table } from './table.ts';
import { renderTargets } from './targets-section.ts';

/** The results on the layered store as Markdown. @param plots that lie beside it */
export function renderLayers(results: readonly ScenarioResults[], plots: readonly Plot[] = []): string {
  const sections = [
    `# Layered store${warningsOf(results)}`,
    'Made by `npm run bench`; how is in [bench/README.md](../README.md). Three figures are min / **median** / max. Every answer was checked: the status of each, the length of each value, the bytes of one value in sixteen. CPU is user and system time of all processes of the subject, children included.',
    '## Targets',
    renderTargets(results),
    '## Machine and runs',
    renderMachine(results),
    ...results.map((each) => renderScenario(each, plots, '')),
  ];
  return `${sections.join('\n\n')}\n`;
}

/**
 * One scenario under its heading.
 *
 * @param folder where the plots are, from the page
 */
export function renderScenario(results: ScenarioResults, plots: readonly Plot[], folder: string): string {
  const { name, title, about, failure, contests = [], fixedRates = [], facts = [], checks = [] } = results;
  return [
    `## ${title}`,
    about,
    ...(failure === undefined ? [] : [`**This failed:** ${failure.split('\n')[0]}`]),
    ...contests.map(renderContest),
    ...plots.filter((plot) => plot.scenario === name).map(({ file, title: alt }) => `![${alt}](${folder}${file})`),
    ...contests.map(({ subjects }) => renderCosts(subjects)),
    ...(fixedRates.length === 0 ? [] : [renderFixedRates(fixedRates)]),
    ...(facts.length === 0 ? [] : [renderFacts(facts)]),
    ...(checks.length === 0 ? [] : [renderChecks(checks)]),
  ].join('\n\n');
}

function renderFacts(facts: readonly Fact[]): string {
  return table(
    ['figure', ''],
    facts.map(({ name, value, unit }) => [name, `${number(value)} ${unit}`]),
  );
}

function renderChecks(checks: readonly Check[]): string {
  return table(
    ['check', 'passed', ''],
    checks.map(({ what, isMet, detail }) => [what, isMet ? 'yes' : '**no**', detail]),
  );
}
