import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunCommand } from './command-line.ts';
import { judgeFolder } from './judge-folder.ts';
import { faultsOf, startSite } from './modes.ts';
import { formatRun } from './print-report.ts';
import { run } from './run.ts';
import type { RunSettings } from './run-settings.ts';
import { timesOf } from './schedule.ts';

type Print = (text: string) => void;

/** Runs, judges and prints. @returns whether nothing was refused and nothing failed */
export async function runOnce({ settings, keep }: RunCommand, print: Print): Promise<boolean> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'stratakv-run-'));
  let isGreen = false;
  try {
    const failures = await runOn(settings, folder);
    isGreen = judgeAndPrint(folder, print) && failures.length === 0;
    for (const failure of failures) print(`FAILED: ${failure}\n`);
    return isGreen;
  } finally {
    if (isGreen && keep === undefined) rmSync(folder, { recursive: true });
    else print(`It is kept in ${folder}\n`);
  }
}

/** Judges a run that was kept. @returns whether nothing was refused */
export function judgeAndPrint(folder: string, print: Print): boolean {
  const { files, reports, isGreen } = judgeFolder(folder);
  print(formatRun(files, reports));
  return isGreen;
}

async function runOn(settings: RunSettings, folder: string): Promise<readonly string[]> {
  const { mode, seconds, hasFaults } = settings;
  const site = await startSite(mode);
  try {
    return await run(site, settings, hasFaults ? faultsOf(mode) : [], timesOf(seconds), folder);
  } finally {
    await site.close();
  }
}
