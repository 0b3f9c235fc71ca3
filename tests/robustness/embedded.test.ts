import { deepEqual, ok } from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { embeddedFaults } from './faults/embedded-faults.ts';
import { catchMutation } from './mutations/catch-mutation.ts';
import { mutations } from './mutations/mutations.ts';
import { judgeFolder } from './run/judge-folder.ts';
import { formatRun } from './run/print-report.ts';
import { run } from './run/run.ts';
import type { RunSettings } from './run/run-settings.ts';
import { timesOf } from './run/schedule.ts';
import { EmbeddedSite } from './sites/embedded-site.ts';

/* A run of the embedded store as it is, and of three that lack something. All of them: npm run robustness -- mutations. */

const seed = Number(process.env.KV_ROBUSTNESS_SEED ?? randomInt(2 ** 31));
const caught = ['ack-before-commit', 'no-invalidation', 'versions-by-the-clock-alone'];

const folder = mkdtempSync(join(tmpdir(), 'stratakv-run-'));
after(() => rmSync(folder, { recursive: true }));

describe(`robustness of the embedded store, KV_ROBUSTNESS_SEED=${seed}`, () => {
  test('it keeps its promises while it is killed, frozen and held up', async (t) => {
    const settings: RunSettings = {
      mode: 'embedded',
      seconds: 25,
      seed,
      clients: 16,
      callsPerSecond: 400,
      hasFaults: true,
    };
    const site = await EmbeddedSite.start();
    let failures: readonly string[] = [];
    try {
      failures = await run(site, settings, embeddedFaults, timesOf(settings.seconds), folder);
    } finally {
      await site.close();
    }
    deepEqual(failures, []);
    const { files, reports, isGreen } = judgeFolder(folder);
    t.diagnostic(`${files.history.calls.length} calls, ${files.final.faults.happened.length} faults`);
    ok(isGreen, formatRun(files, reports));
  });

  for (const name of caught) {
    test(`it is caught without what ${name} takes away`, async (t) => {
      const mutation = mutations.find((one) => one.name === name);
      ok(mutation !== undefined);
      const { checks, example, seconds } = await catchMutation(mutation, () => EmbeddedSite.start(mutation), seed);
      ok(checks.length > 0, 'no check refused it');
      t.diagnostic(`${seconds.toFixed(1)} s, ${checks.join(', ')}: ${example}`);
    });
  }
});
