import { InstallError } from '../../native/src/install/install-error.ts';
import { type Command, readCommand, usageText } from './command-line.ts';
import { benchEmbedded } from './embedded.ts';
import { hasPassed } from './layer-results.ts';
import { benchLayers, scenarios } from './layers.ts';
import { Generator } from './load.ts';
import { prepareMachine } from './peers/prepare.ts';
import { MissingPeer } from './peers/programs.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { renderEmbedded } from './report/embedded-report.ts';
import { renderLayers } from './report/layers-report.ts';
import { readLayerResults, writeEmbeddedResults, writeLayerResults, writePages } from './results.ts';

// Usage: npm run bench -- --help

// Without a handler the exit handlers, which end the servers and remove their data, would not run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const command = readCommand(process.argv.slice(2), scenarios);
if (command === undefined) {
  process.stderr.write(usageText(scenarios));
  process.exitCode = 2;
} else {
  try {
    await run(command);
  } catch (error) {
    if (!(error instanceof MissingPeer || error instanceof InstallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function run(asked: Command): Promise<void> {
  if (asked.kind === 'help') process.stdout.write(usageText(scenarios));
  else if (asked.kind === 'report') writePages(readLayerResults());
  else if (asked.kind === 'embedded') await runEmbedded(asked.isQuick);
  else await runLayers(asked);
}

async function runEmbedded(isQuick: boolean): Promise<void> {
  await withGenerator(async (generator, tell) => {
    const results = await benchEmbedded({ plan: isQuick ? quickPlan : fullPlan, generator, tell });
    const report = renderEmbedded(results);
    console.log(report);
    if (!isQuick) writeEmbeddedResults(results, report);
  });
}

async function runLayers({ plan, names, isKept }: Extract<Command, { kind: 'layers' }>): Promise<void> {
  const chosen = scenarios.filter(({ name }) => names.includes(name));
  const peers = [...new Set(chosen.flatMap(({ peers: needed = [] }) => needed))];
  await prepareMachine(peers, (line) => console.error(line));
  await withGenerator(async (generator, tell) => {
    const results = await benchLayers({ plan, generator, chosen, tell });
    console.log(renderLayers(results));
    const order = scenarios.map(({ name }) => name);
    if (isKept) writeLayerResults(results, order);
    if (!results.every(hasPassed)) process.exitCode = 1;
  });
}

async function withGenerator(
  use: (generator: Generator, tell: (text: string) => void) => Promise<void>,
): Promise<void> {
  const generator = await Generator.start();
  const startedAt = performance.now();
  const tell = (text: string) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${text}`);
  try {
    await use(generator, tell);
  } finally {
    generator.close();
  }
}
