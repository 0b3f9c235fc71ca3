import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HistoryBuilder } from '../testing/history-builder.ts';
import { judgeFolder } from './judge-folder.ts';
import { formatRun } from './print-report.ts';
import { RunFolder } from './run-folder.ts';
import type { RunSettings } from './run-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'stratakv-run-'));
after(() => rmSync(folder, { recursive: true }));

const settings: RunSettings = {
  mode: 'embedded',
  seconds: 1,
  seed: 7,
  clients: 2,
  callsPerSecond: 10,
  hasFaults: true,
};

async function written(run: HistoryBuilder, name: string): Promise<string> {
  const path = join(folder, name);
  const files = new RunFolder(path, settings, run.history.header);
  for (const call of run.calls) files.keep(call);
  await files.close(run.final());
  return path;
}

function lossOf(row: false | undefined): HistoryBuilder {
  const run = new HistoryBuilder();
  run.put('k', 5, [0, 1], { created: true });
  run.put('k', 6, [2, 3], { answer: 'accepted', ...(row === undefined ? {} : { row }) });
  return run;
}

test('a run is judged from its folder as it was recorded', async () => {
  const run = lossOf(undefined);
  const { files, reports, isGreen } = judgeFolder(await written(run, 'good'));
  deepEqual(files.settings, settings);
  deepEqual(files.history, JSON.parse(JSON.stringify(run.history)));
  deepEqual(
    reports.filter(({ violations }) => violations.length > 0).map(({ name }) => name),
    ['meaning'],
  );
  ok(!isGreen, 'so little proves nothing');
});

test('the report says what was lost, where, and how to repeat the run', async () => {
  const { files, reports } = judgeFolder(await written(lossOf(false), 'lost'));
  const text = formatRun(files, reports);
  match(text, /^ {2}lost +1$/m);
  match(text, /^accounting +\d+ VIOLATIONS/m);
  match(text, /It was accepted and is lost: it has no outcome\. \(calls 2\)/);
  match(text, /--target=embedded --seconds=1 --seed=7/);
  equal(text.includes('undefined'), false);
});
