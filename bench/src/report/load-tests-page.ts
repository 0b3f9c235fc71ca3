import { hasPassed, type ScenarioResults } from '../layer-results.ts';
import type { Plot } from '../plot/layer-plots.ts';
import { renderCapacity } from './capacity-section.ts';
import { renderScenario } from './layers-report.ts';
import { limitingLayers } from './limits-section.ts';
import { renderMachine, warningsOf } from './machine-section.ts';
import { renderTargets } from './targets-section.ts';

/* docs/load-tests.md. The words are here, the figures come from bench/results/layers.json. */

const tools = `How fast the layers are, each measured beside something that does the same work without them, in one run on one machine.
All figures are written by a command from [bench/results/layers.json](../bench/results/layers.json), every round of which is there.

## Tools

| command | does |
| --- | --- |
| \`npm run bench\` | the rows of the table of targets, in a few minutes |
| \`npm run bench -- full\` | the same with longer rounds and ten million entries, and growth and scaling |
| \`npm run bench -- reads writes\` | these scenarios alone; \`--help\` lists them |
| \`npm run bench -- embedded\` | the store as one process: [its results](../bench/results/embedded.md) |
| \`npm run bench -- report\` | writes this page from the results that are there |
| \`npm run profile -- gateway\` | where a process spends its time under load |
| \`npm run k6 -- load\`, \`npm run load -- get\` | load tests of any store by its address: [k6 reports](load-tests/README.md) |

How the benchmark works: [bench/README.md](../bench/README.md).`;

/** Of the table of targets. */
const reasons =
  'Why a target is out of reach, and what was tried: [decision 33](decisions/0033-speed-targets-out-of-reach.md).';

/** The page. @param plots that lie in bench/results */
export function renderLoadTests(results: readonly ScenarioResults[], plots: readonly Plot[]): string {
  const sections = [
    `# Load tests${warningsOf(results)}`,
    '<!-- Made by `npm run bench -- report` from bench/results/layers.json. -->',
    tools,
    '## Targets',
    renderTargets(results),
    reasons,
    '## What limits each layer',
    limitingLayers(results),
    '## Capacity per core',
    renderCapacity(results),
    '## Parameters, machine and runs',
    renderParameters(results),
    renderMachine(results),
    ...results.map((each) => renderScenario(each, plots, '../bench/results/')),
    ...(results.length === 0 ? [] : ['## Whether to believe it', renderBelief(results)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function renderParameters(results: readonly ScenarioResults[]): string {
  const plan = results.at(-1)?.plan;
  if (plan === undefined) return '';
  const { connections, valueBytes, hotEntries, rounds, roundSeconds, warmupSeconds, coldSeconds, fixedRateSeconds } =
    plan;
  return [
    `Values of ${valueBytes} bytes under keys of 14, ${connections} connections unless another number is named, ${hotEntries} entries where reads are to hit.`,
    `In the run made last, ${rounds} rounds of ${roundSeconds} s for each subject in turn, each after ${warmupSeconds} s of warm-up, which do not count, the first after ${coldSeconds} s more;`,
    `${fixedRateSeconds} s at a fixed rate. The store runs natively with its default settings and one process of each kind, where nothing else is said.`,
  ].join(' ');
}

function renderBelief(results: readonly ScenarioResults[]): string {
  const failed = results.filter((each) => !hasPassed(each)).map(({ name }) => name);
  const dirty = results.filter(({ environment }) => environment.isDirty).map(({ name }) => name);
  return [
    failed.length === 0
      ? 'Every answer of every run was what it had to be, and every check passed.'
      : `An answer was wrong or a check failed in: ${failed.join(', ')}.`,
    dirty.length === 0
      ? 'All runs were of committed code.'
      : `Made with changes that are in no commit: ${dirty.join(', ')}.`,
    'Where other work took part of the machine, rates are lower and times longer than on a machine of its own; ratios suffer less where the subjects take turns.',
  ].join(' ');
}
