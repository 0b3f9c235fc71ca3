import { judgeRun } from '../checks/all.ts';
import type { Report } from '../checks/report.ts';
import { type RunFiles, readRunFolder } from './run-folder.ts';
import { parametersOf } from './run-settings.ts';

export interface Judgement {
  readonly files: RunFiles;
  readonly reports: readonly Report[];
  readonly isGreen: boolean;
}

/** Judges a run by its files alone. @throws Error when one is missing or is not what it should be */
export function judgeFolder(path: string): Judgement {
  const files = readRunFolder(path);
  const reports = judgeRun(files.history, files.final, parametersOf(files.settings));
  return { files, reports, isGreen: reports.every(({ violations }) => violations.length === 0) };
}
