import type { FinalState } from '../history/final-state.ts';
import type { History } from '../history/history.ts';
import { checkAccounting } from './accounting.ts';
import { checkAnswers } from './answers.ts';
import { checkExpiry } from './expiry.ts';
import { checkLinearizability } from './linearizability.ts';
import { checkLists } from './lists.ts';
import { checkMeaning } from './meaning.ts';
import { checkOrder } from './order.ts';
import type { Parameters } from './parameters.ts';
import { checkQuiescence } from './quiescence.ts';
import type { Check, Report } from './report.ts';
import { checkStaleness } from './staleness.ts';
import { checkSyncToken } from './sync-token.ts';
import { checkVersions } from './versions.ts';

/** What a run is held against. */
export const allChecks: readonly Check[] = [
  checkMeaning,
  checkAnswers,
  checkAccounting,
  checkVersions,
  checkOrder,
  checkLinearizability,
  checkStaleness,
  checkSyncToken,
  checkExpiry,
  checkLists,
  checkQuiescence,
];

export function judgeRun(history: History, final: FinalState, parameters: Parameters): readonly Report[] {
  return allChecks.map((check) => check(history, final, parameters));
}
