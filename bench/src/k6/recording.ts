import { metricNames } from '../../k6/kinds.ts';

/** What happened in one period of a run. */
export interface Point {
  /** Seconds since the first request. */
  readonly second: number;
  /** Requests a second. */
  readonly rate: number;
  readonly shedRate: number;
  /** Milliseconds; undefined when nothing was answered. */
  readonly p95: number | undefined;
}

interface Event {
  readonly event: string;
  readonly data: unknown;
}

type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';

/**
 * Reads what k6's dashboard records, an event a line: which metrics there are, and in each period a list of figures for
 * each, in the order of their names. Periods before the first request and after the last are left out.
 */
export function readRecording(text: string, periodSeconds: number): readonly Point[] {
  const types = new Map<string, MetricType>();
  let aggregates: Readonly<Record<string, readonly string[]>> = {};
  const points: Point[] = [];
  let firstMs: number | undefined;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const { event, data } = JSON.parse(line) as Event;
    if (event === 'param') ({ aggregates } = data as { aggregates: typeof aggregates });
    if (event === 'metric')
      for (const [name, { type }] of Object.entries(data as Record<string, { type: MetricType }>))
        types.set(name, type);
    if (event !== 'snapshot') continue;
    const names = [...types.keys()].sort();
    const rows = data as readonly (readonly number[])[];
    const figure = (name: string, aggregate: string): number => {
      const column = aggregates[types.get(name) ?? '']?.indexOf(aggregate) ?? -1;
      return rows[names.indexOf(name)]?.[column] ?? 0;
    };
    const requests = figure(metricNames.requests, 'count');
    const timeMs = figure('time', 'value');
    if (requests === 0 && firstMs === undefined) continue;
    firstMs ??= timeMs - periodSeconds * 1000;
    points.push({
      second: (timeMs - firstMs) / 1000,
      rate: requests / periodSeconds,
      shedRate: figure(metricNames.allShed, 'count') / periodSeconds,
      p95: requests === 0 ? undefined : figure(metricNames.allTimes, 'p(95)'),
    });
  }
  return points.slice(0, points.findLastIndex(({ rate }) => rate > 0) + 1);
}
