import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { scenarioNames, scenarios } from '../../k6/scenarios.ts';
import { plot } from './plot.ts';
import { type K6Run, renderReport } from './report.ts';

const reportsFolder = new URL('../../../docs/load-tests/', import.meta.url);
const resultsFolder = new URL('../../results/', import.meta.url);

/** Writes the report of a run, its plot, its figures and the page that lists all reports. Gives the report's path. */
export async function publish(run: K6Run): Promise<string> {
  const { scenario } = run.command;
  await mkdir(reportsFolder, { recursive: true });
  const report = new URL(`${scenario}.md`, reportsFolder);
  await writeFile(report, renderReport(run));
  await writeFile(new URL(`${scenario}.svg`, reportsFolder), plot(`k6 ${scenario}`, run.points));
  await writeFile(new URL(`k6-${scenario}.json`, resultsFolder), `${JSON.stringify(resultsOf(run), undefined, 2)}\n`);
  await writeFile(new URL('README.md', reportsFolder), await renderIndex());
  return fileURLToPath(report);
}

/** Without the address of the store. */
function resultsOf({ command, ...rest }: K6Run): object {
  const { scenario, parameters, url } = command;
  return { scenario, store: url === undefined ? 'native' : 'given', parameters, ...rest };
}

async function renderIndex(): Promise<string> {
  const lines = await Promise.all(
    scenarioNames.map(async (name) => {
      const heading = await headingOf(name);
      const report = heading === undefined ? `k6 ${name}, not run yet` : `[${heading}](${name}.md)`;
      return `- ${report}: ${scenarios[name].about}`;
    }),
  );
  return `# Load tests

Made by \`npm run k6 -- SCENARIO\`, which writes this page too. What the scenarios send, and how to run them on a store that is yours, is in
[bench/k6](../../bench/k6/README.md).

${lines.join('\n')}
`;
}

/** The first line of a report, which says what went wrong; undefined when there is no report. */
async function headingOf(name: string): Promise<string | undefined> {
  try {
    const [first = ''] = (await readFile(new URL(`${name}.md`, reportsFolder), 'utf8')).split('\n');
    return first.replace(/^# /, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
