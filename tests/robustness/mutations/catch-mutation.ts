import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../checks/report.ts';
import { judgeFolder } from '../run/judge-folder.ts';
import { startSite } from '../run/modes.ts';
import { type QuietLimits, run } from '../run/run.ts';
import type { Mode, RunSettings } from '../run/run-settings.ts';
import type { Times } from '../run/schedule.ts';
import type { Mutation } from './mutation.ts';
import { provocationOf } from './provocations.ts';

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

/** Seconds of traffic, each when the one before showed nothing. */
const attempts = [3, 6, 12] as const;
const clients = 16;
const callsPerSecond = 600;
const quietLimits: QuietLimits = { settledWithinMs: 6000, drainedWithinMs: 12_000 };
/** The name of what is no check: the store did not become quiet. */
const unquiet = 'quiet';

/** Runs a store with a mutation, ever longer, until a check refuses what it did. */
export async function catchMutation(mutation: Mutation, mode: Mode, seed: number): Promise<Catch> {
  const startedAt = performance.now();
  let found: Omit<Catch, 'mutation' | 'seconds'> = { checks: [], example: undefined };
  for (const [attempt, seconds] of attempts.entries()) {
    found = await attemptOf(mutation, {
      mode,
      seconds,
      seed: seed + attempt,
      clients,
      callsPerSecond,
      hasFaults: true,
    });
    if (found.checks.length > 0) break;
  }
  return { mutation: mutation.name, ...found, seconds: (performance.now() - startedAt) / 1000 };
}

async function attemptOf(mutation: Mutation, settings: RunSettings): Promise<Omit<Catch, 'mutation' | 'seconds'>> {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-mutation-'));
  const site = await startSite(settings.mode, mutation);
  const times: Times = { headMs: 500, faultsMs: settings.seconds * 1000, tailMs: 1000, pauseMs: 200 };
  try {
    await run(site, settings, provocationOf(mutation.name), times, folder, quietLimits);
    return caughtBy(judgeFolder(folder).reports);
  } catch (error) {
    return { checks: [unquiet], example: error instanceof Error ? error.message : String(error) };
  } finally {
    await site.close().catch(() => {});
    rmSync(folder, { recursive: true });
  }
}

/** A run that proves nothing has caught nothing. */
function caughtBy(reports: readonly Report[]): Omit<Catch, 'mutation' | 'seconds'> {
  const refusing = reports.filter(({ name, violations }) => name !== 'meaning' && violations.length > 0);
  const [violation] = refusing[0]?.violations ?? [];
  const example = violation === undefined ? undefined : `${violation.subject}: ${violation.sentence}`;
  return { checks: refusing.map(({ name, violations }) => `${name} ${violations.length}`), example };
}
