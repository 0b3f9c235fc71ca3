import type { Contest } from './contest.ts';
import type { FixedRate } from './fixed-rate.ts';
import type { LayerBench } from './layer-bench.ts';
import type { PeerProgram } from './peers/programs.ts';
import type { Series } from './plot/line-chart.ts';
import type { Spread } from './spread.ts';

/** What a run of the layered benchmark is made of. Each can be run alone. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** One sentence: what is done. */
  readonly about: string;
  /** Programs beside those of the native mode. */
  readonly peers?: readonly PeerProgram[];
  /** Whether a short run leaves it out, unless it is named: it is no row of the table of targets. */
  readonly isLong?: boolean;
  /** @throws Error at the first answer that was wrong */
  readonly run: (bench: LayerBench) => Promise<ScenarioFigures>;
}

/** Plain data, as it goes into the results. */
export interface ScenarioFigures {
  readonly targets?: readonly Target[];
  readonly contests?: readonly Contest[];
  readonly fixedRates?: readonly FixedRate[];
  readonly facts?: readonly Fact[];
  readonly checks?: readonly Check[];
  readonly curves?: readonly Curve[];
}

/** Figures over something that grows; they become a plot. */
export interface Curve {
  readonly title: string;
  readonly unitOfX: string;
  readonly series: readonly Series[];
}

/** A row of the table of targets. */
export interface Target {
  readonly work: string;
  /** `least`: the measured figure must not be lower than the limit; `most`: not higher. Absent: it is reported. */
  readonly limit?: { readonly at: 'least' | 'most'; readonly value: number };
  /** What is measured: `of etcd's rate`. */
  readonly unit: string;
  readonly measured: Spread;
}

/** A figure with a name. */
export interface Fact {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Something that has to hold whatever the rates are. */
export interface Check {
  readonly what: string;
  readonly isMet: boolean;
  readonly detail: string;
}

/** By the median. Undefined for what is only reported. */
export function isMet({ limit, measured }: Target): boolean | undefined {
  if (limit === undefined) return undefined;
  return limit.at === 'least' ? measured.median >= limit.value : measured.median <= limit.value;
}

export function atLeast(value: number): NonNullable<Target['limit']> {
  return { at: 'least', value };
}

export function atMost(value: number): NonNullable<Target['limit']> {
  return { at: 'most', value };
}
