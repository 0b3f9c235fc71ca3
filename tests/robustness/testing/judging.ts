import { deepEqual, ok } from 'node:assert/strict';
import { defaultParameters, type Parameters } from '../checks/parameters.ts';
import type { Check, Report } from '../checks/report.ts';
import type { FinalState } from '../history/final-state.ts';
import type { HistoryBuilder } from './history-builder.ts';

/** What a test changes of a run before it is judged. */
export interface Setting {
  readonly final?: Partial<FinalState>;
  readonly parameters?: Partial<Parameters>;
}

export function judge(check: Check, run: HistoryBuilder, { final, parameters }: Setting = {}): Report {
  return check(run.history, run.final(final), { ...defaultParameters, ...parameters });
}

export function accepts(check: Check, run: HistoryBuilder, setting: Setting = {}): Report {
  const report = judge(check, run, setting);
  deepEqual(report.violations, []);
  return report;
}

/** The run must be refused once, for this reason, and for these calls: the wrong one first. */
export function refuses(
  check: Check,
  run: HistoryBuilder,
  says: RegExp,
  calls: readonly number[],
  setting: Setting = {},
): void {
  const { violations } = judge(check, run, setting);
  const all = violations.map(({ subject, sentence, calls }) => `${subject}: ${sentence} ${calls.join()}`).join('\n');
  const fitting = violations.find(({ subject, sentence }) => says.test(`${subject}: ${sentence}`));
  ok(fitting !== undefined, `nothing says ${says}:\n${all}`);
  deepEqual(fitting.calls, calls, all);
  deepEqual(violations.length, 1, all);
}
