import { relative } from 'node:path';
import { wheels } from '../../../native/src/install/wheel.ts';
import { findProgram } from '../../../native/src/program.ts';
import { installServers } from '../../../scripts/modes.mjs';
import { readEnvironment } from '../environment.ts';
import { runLoadCommand, withStore } from '../store-under-load.ts';
import { UsageError } from '../usage-error.ts';
import { type K6Command, readArguments, usage } from './arguments.ts';
import { runK6 } from './k6-process.ts';
import { publish } from './publish.ts';
import { failuresOf, type K6Run, renderKinds } from './report.ts';

// Usage: npm run k6 -- SCENARIO [OPTION...]

const tell = (line: string) => console.error(line);

try {
  const command = readArguments(process.argv.slice(2));
  if (command === 'help') process.stdout.write(usage);
  else process.exitCode = await runLoadCommand((signal) => runScenario(command, signal));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function runScenario(command: K6Command, signal: AbortSignal): Promise<number> {
  // The installer has said what is missing, and which command gets it.
  if ((await installServers(process.execPath, ['k6'])) !== 0) return 1;
  const k6 = findProgram('k6');
  const environment = readEnvironment();
  const result = await withStore({ url: command.url, signal, tell }, (url) => {
    const { rate, seconds, keys } = command.parameters;
    tell(`k6 ${command.scenario}: ${keys} entries, then up to ${rate} steps a second for ${seconds} s…`);
    return runK6({ k6, command, url, signal, tell });
  });
  const run: K6Run = { command, version: wheels.k6.version, environment, ...result };
  console.log(renderKinds(run));
  const failures = failuresOf(run.figures);
  if (command.writes) tell(`\nWritten: ${relative('', await publish(run))}`);
  tell(failures.length === 0 ? '\nEvery threshold holds.' : `\nThresholds that failed:\n  ${failures.join('\n  ')}`);
  return failures.length === 0 ? 0 : 1;
}
