import { type KindName, kindNames, metricNames } from '../../k6/kinds.ts';

/** What k6 hands over at the end, as far as it is used. */
export interface Summary {
  readonly metrics: Readonly<Record<string, SummaryMetric>>;
  readonly root_group: { readonly checks: readonly CheckFigures[] };
}

interface SummaryMetric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

export interface CheckFigures {
  readonly name: string;
  readonly passes: number;
  readonly fails: number;
}

/** Times in milliseconds, of the answers that were as expected. */
export interface KindFigures {
  readonly kind: KindName;
  readonly answers: number;
  /** Answers a second. */
  readonly rate: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly shed: number;
  readonly unexpected: number;
}

export interface ThresholdFigures {
  readonly metric: string;
  readonly limit: string;
  readonly measured: number;
  readonly holds: boolean;
}

/** What came out of a run. */
export interface Figures {
  readonly kinds: readonly KindFigures[];
  readonly thresholds: readonly ThresholdFigures[];
  readonly checks: readonly CheckFigures[];
  readonly requests: number;
  readonly shed: number;
  readonly unexpected: number;
  /** Waits that ended before the write was applied. */
  readonly late: number;
  /** Steps for which no connection was free. */
  readonly dropped: number;
}

/** @param seconds how long requests were sent; k6's own rates count the filling in too */
export function readFigures({ metrics, root_group: group }: Summary, seconds: number): Figures {
  const count = (name: string) => metrics[name]?.values.count ?? 0;
  return {
    kinds: kindNames.map((kind) => kindFigures(metrics, kind, seconds)),
    thresholds: Object.entries(metrics).flatMap(([metric, figures]) => thresholdFigures(metric, figures)),
    checks: group.checks.map(({ name, passes, fails }) => ({ name, passes, fails })),
    requests: count(metricNames.requests),
    shed: count(metricNames.allShed),
    unexpected: count(metricNames.allUnexpected),
    late: count(metricNames.late),
    dropped: count('dropped_iterations'),
  };
}

function kindFigures(metrics: Summary['metrics'], kind: KindName, seconds: number): KindFigures {
  const times = metrics[metricNames.time(kind)]?.values ?? {};
  const answers = times.count ?? 0;
  // Without an answer k6 says 0 ms.
  const at = (name: string) => (answers === 0 ? Number.NaN : (times[name] ?? Number.NaN));
  return {
    kind,
    answers,
    rate: answers / seconds,
    p50: at('med'),
    p90: at('p(90)'),
    p95: at('p(95)'),
    p99: at('p(99)'),
    max: at('max'),
    shed: metrics[metricNames.shed(kind)]?.values.count ?? 0,
    unexpected: metrics[metricNames.unexpected(kind)]?.values.count ?? 0,
  };
}

function thresholdFigures(metric: string, { values, thresholds = {} }: SummaryMetric): readonly ThresholdFigures[] {
  return Object.entries(thresholds).map(([limit, { ok }]) => ({
    metric,
    limit,
    measured: values[/^[^<>=]+/.exec(limit)?.[0] ?? ''] ?? Number.NaN,
    holds: ok,
  }));
}
