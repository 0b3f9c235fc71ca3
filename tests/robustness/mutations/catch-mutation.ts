import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../checks/report.ts';
import { judgeFolder } from '../run/judge-folder.ts';
import { type QuietLimits, run } from '../run/run.ts';
import type { RunSettings } from '../run/run-settings.ts';
import type { Times } from '../run/schedule.ts';
import type { Site } from '../sites/site.ts';
import type { Mutation } from './mutation.ts';
import { type Provocation, provocationOf } from './provocations.ts';

/** How a mutation was found, or that it was not. */
export interface Catch {
  readonly mutation: string;
  /** Names of the checks that refused the run; empty: it was not caught. */
  readonly checks: readonly string[];
  /** One of the violations. */
  readonly example: string | undefined;
  /** With starting the store and judging the run. */
  readonly seconds: number;
}

type Found = Pick<Catch, 'checks' | 'example'>;

/** Seconds of traffic, each when the one before showed nothing. */
const attempts = [3, 6, 12] as const;
const clients = 16;
const quietLimits: QuietLimits = { settledWithinMs: 4000, drainedWithinMs: 12_000 };
/** The name of what is no check: the store did not become quiet. */
const unquiet = 'quiet';

/** Runs a store with a mutation, ever longer, until a check refuses what it did. @param start starts such a store */
export async function catchMutation({ name }: Mutation, start: () => Promise<Site>, seed: number): Promise<Catch> {
  const startedAt = performance.now();
  let found: Found = { checks: [], example: undefined };
  for (const [attempt, seconds] of attempts.entries()) {
    found = await attemptOf(await start(), provocationOf(name), seconds, seed + attempt);
    if (found.checks.length > 0) break;
  }
  return { mutation: name, ...found, seconds: (performance.now() - startedAt) / 1000 };
}

async function attemptOf(
  site: Site,
  { faults, callsPerSecond }: Provocation,
  seconds: number,
  seed: number,
): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-mutation-'));
  const settings: RunSettings = { mode: site.mode, seconds, seed, clients, callsPerSecond, hasFaults: true };
  const times: Times = { headMs: 500, faultsMs: seconds * 1000, tailMs: 1000, pauseMs: 200 };
  try {
    await run(site, settings, faults, times, folder, quietLimits);
    return caughtBy(judgeFolder(folder).reports);
  } catch (error) {
    return { checks: [unquiet], example: error instanceof Error ? error.message : String(error) };
  } finally {
    // A store that lacks something may not end as it should either.
    await site.close().catch(() => {});
    rmSync(folder, { recursive: true });
  }
}

/**
 * Checks that catch no mutation: a run that proves nothing has caught nothing, and a store that answers 500 is one whose
 * patch is broken.
 */
const catchingNothing: readonly string[] = ['meaning', 'answers'];

function caughtBy(reports: readonly Report[]): Found {
  const refusing = reports.filter(({ name, violations }) => !catchingNothing.includes(name) && violations.length > 0);
  const [violation] = refusing[0]?.violations ?? [];
  const example = violation === undefined ? undefined : `${violation.subject}: ${violation.sentence}`;
  return { checks: refusing.map(({ name, violations }) => `${name} ${violations.length}`), example };
}
