import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchEmbedded } from './embedded.ts';
import { Generator } from './load.ts';
import { fullPlan, type Plan, quickPlan } from './plan.ts';
import { renderEmbedded } from './report/embedded-report.ts';

const usage = `Usage: npm run bench -- embedded [--quick]

Measures the store as one process and writes bench/results/embedded.json and embedded.md.
  --quick   about a minute, with fewer rounds and entries; only prints
`;

// Without a handler the exit handlers, which end the servers and remove their data, would not run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const choice = readArguments();
if (choice === 'help') process.stdout.write(usage);
else if (choice === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else await run(choice);

/** What is asked for; undefined when that cannot be told. */
function readArguments(): Plan | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help) return 'help';
    if (positionals.length !== 1 || positionals[0] !== 'embedded') return undefined;
    return values.quick ? quickPlan : fullPlan;
  } catch {
    return undefined;
  }
}

async function run(plan: Plan): Promise<void> {
  const generator = await Generator.start();
  const startedAt = performance.now();
  const tell = (text: string) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${text}`);
  try {
    const results = await benchEmbedded({ plan, generator, tell });
    const report = renderEmbedded(results);
    console.log(report);
    if (plan === fullPlan) writeResults('embedded', results, report);
  } finally {
    generator.close();
  }
}

function writeResults(name: string, results: object, report: string): void {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(new URL(`${name}.md`, folder), report);
}
