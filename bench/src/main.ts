import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchEmbedded } from './embedded.ts';
import { Generator } from './load.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { renderEmbedded } from './report/embedded-report.ts';

const usage = `Usage: npm run bench -- embedded [--quick]

Measures the store as one process and writes bench/results/embedded.json and embedded.md.
  --quick   about a minute, with fewer rounds and entries
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

if (values.help || positionals.length !== 1 || positionals[0] !== 'embedded') {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  await run(values.quick ? quickPlan : fullPlan);
}

async function run(plan: typeof quickPlan): Promise<void> {
  const generator = await Generator.start();
  const startedAt = performance.now();
  const tell = (text: string) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${text}`);
  try {
    const results = await benchEmbedded({ plan, generator, tell });
    const report = renderEmbedded(results);
    console.log(report);
    writeResults('embedded', results, report);
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
