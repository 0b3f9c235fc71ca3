import type { FinalState } from '../history/final-state.ts';
import type { History } from '../history/history.ts';
import type { Parameters } from './parameters.ts';

/** One thing that must not be. */
export interface Violation {
  /** The key, operation, client or fault it is about. */
  readonly subject: string;
  /** What is wrong, one sentence. */
  readonly sentence: string;
  /** Numbers of the calls that show it; the one that is wrong first. */
  readonly calls: readonly number[];
}

export interface Report {
  readonly name: string;
  readonly violations: readonly Violation[];
  /** How much there was to judge: a check that judged nothing says so here. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Judges a run. Never throws, whatever the history says. */
export type Check = (history: History, final: FinalState, parameters: Parameters) => Report;
