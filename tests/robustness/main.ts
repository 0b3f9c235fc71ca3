import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMutations } from './run/command-mutations.ts';
import { judgeFolder } from './run/judge-folder.ts';
import { faultsOf, startSite } from './run/modes.ts';
import { formatRun } from './run/print-report.ts';
import { run } from './run/run.ts';
import type { Mode, RunSettings } from './run/run-settings.ts';
import { timesOf } from './run/schedule.ts';

const usage = `Usage: npm run robustness -- [--target=embedded|native] [--seconds=N] [--seed=N] [--no-faults] [--keep=FOLDER]
       npm run robustness -- judge FOLDER
       npm run robustness -- mutations [NAME...]
`;

const print = (text: string) => process.stdout.write(text);

function readOptions() {
  return parseArgs({
    allowPositionals: true,
    options: {
      target: { type: 'string', default: 'embedded' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string' },
      clients: { type: 'string', default: '16' },
      rate: { type: 'string', default: '400' },
      'no-faults': { type: 'boolean', default: false },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
}

async function oneRun(settings: RunSettings, folder: string): Promise<boolean> {
  const site = await startSite(settings.mode);
  let failures: readonly string[] = [];
  try {
    failures = await run(
      site,
      settings,
      settings.hasFaults ? faultsOf(settings.mode) : [],
      timesOf(settings.seconds),
      folder,
    );
  } finally {
    await site.close();
  }
  const { files, reports, isGreen } = judgeFolder(folder);
  print(formatRun(files, reports));
  for (const failure of failures) print(`FAILED: ${failure}\n`);
  return isGreen && failures.length === 0;
}

const { values, positionals } = readOptions();
if (values.help) print(usage);
else if (positionals[0] === 'judge') {
  const { files, reports, isGreen } = judgeFolder(positionals[1] ?? '');
  print(formatRun(files, reports));
  process.exitCode = isGreen ? 0 : 1;
} else if (positionals[0] === 'mutations') {
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  process.exitCode = (await runMutations(values.target as Mode, positionals.slice(1), seed, print)) ? 0 : 1;
} else {
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'stratakv-run-'));
  const settings: RunSettings = {
    mode: values.target as Mode,
    seconds: Number(values.seconds),
    seed: Number(values.seed ?? randomInt(2 ** 31)),
    clients: Number(values.clients),
    callsPerSecond: Number(values.rate),
    hasFaults: !values['no-faults'],
  };
  try {
    process.exitCode = (await oneRun(settings, folder)) ? 0 : 1;
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true });
  }
}
