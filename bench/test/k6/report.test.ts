import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kindNames, kinds, metricNames } from '../../k6/kinds.ts';
import { scenarios } from '../../k6/scenarios.ts';
import type { Environment } from '../../src/environment.ts';
import { readFigures, type Summary } from '../../src/k6/figures.ts';
import { plot } from '../../src/k6/plot.ts';
import { readRecording } from '../../src/k6/recording.ts';
import { failuresOf, type K6Run, marksOf, renderReport } from '../../src/k6/report.ts';

const environment: Environment = {
  cpu: 'a processor',
  cores: 2,
  memoryMiB: 4096,
  system: 'linux',
  node: 'v24',
  hasCompileCache: true,
  loadAverage: [0.1, 0.2, 0.3],
  flushMs: { min: 1, median: 2, max: 3 },
  commit: '0123456789ab',
  isDirty: false,
  startedAt: '2026-11-25T00:00:00.000Z',
};

function summaryOf(isFast: boolean): Summary {
  const trend = { count: 600, med: 2, 'p(90)': 3, 'p(95)': isFast ? 4 : 1234, 'p(99)': 5, max: 6 };
  return {
    metrics: {
      [metricNames.time('get')]: {
        values: trend,
        thresholds: { 'p(95)<100': { ok: isFast }, 'p(99)<300': { ok: true } },
      },
      [`${metricNames.time('get')}{scenario:recovery}`]: { values: trend, thresholds: { 'p(95)<400': { ok: isFast } } },
      [metricNames.shed('get')]: { values: { count: 17 } },
      [metricNames.requests]: { values: { count: 617 }, thresholds: { 'count>=500': { ok: true } } },
      [metricNames.allShed]: { values: { count: 17 } },
      // Without an answer k6 says 0 ms.
      [metricNames.time('list')]: { values: { count: 0, med: 0, 'p(95)': 0, max: 0 } },
    },
    root_group: { checks: [{ name: 'get: the bytes of the value', passes: 600, fails: 0 }] },
  };
}

function runOf(summary: Summary, changes: Partial<Environment> = {}): K6Run {
  const parameters = scenarios.load.defaults;
  return {
    command: { scenario: 'load', parameters, url: 'http://store.example', writes: true, html: undefined },
    version: '1.1.0',
    environment: { ...environment, ...changes },
    figures: readFigures(summary, parameters.seconds),
    points: [],
  };
}

describe('the report of a k6 run', () => {
  test('has the figures of each kind of request', () => {
    const report = renderReport(runOf(summaryOf(true)));
    match(report, /^# k6 load\n/);
    match(report, /\| `GET`, cached \| 600 \| 10\.0 \| 2\.00 \| 3\.00 \| 4\.00 \| 5\.00 \| 6\.00 \| 17 \| 0 \|/);
    match(report, /\| list a prefix \| 0 \| 0\.00 \| – \| – \| – \| – \| – \| 0 \| 0 \|/);
    for (const kind of kindNames)
      match(report, new RegExp(`^\\| ${kinds[kind].title.replace(/[?]/g, '\\$&')} \\|`, 'm'));
    match(report, /617 requests/);
    match(report, /\| `GET`, cached: the bytes of the value \| 600 \| 0 \|/);
    match(report, /commit 0123456789ab/);
  });

  test('does not name the store', () => doesNotMatch(renderReport(runOf(summaryOf(true))), /store\.example/));

  test('says in its heading that thresholds failed, and which', () => {
    const run = runOf(summaryOf(false));
    const report = renderReport(run);
    match(report, /^# k6 load \(2 of 4 thresholds failed\)\n/);
    match(
      report,
      /\| `GET`, cached \| `p\(95\)<100` `p\(99\)<300` \| 1,234 \/ 5\.00 \| \*\*FAILED\*\*: `p\(95\)<100` \|/,
    );
    deepEqual(failuresOf(run.figures), [
      '`GET`, cached: 1,234, not p(95)<100',
      '`GET`, cached, after the spike: 1,234, not p(95)<400',
    ]);
  });

  test('says in its heading that there were uncommitted changes', () => {
    equal(marksOf(runOf(summaryOf(true), { isDirty: true })), ' (uncommitted changes)');
  });
});

describe('what k6 records', () => {
  const event = (name: string, data: unknown) => JSON.stringify({ event: name, data });
  const aggregates = { counter: ['count', 'rate'], gauge: ['value'], trend: ['avg', 'p(95)'] };
  const recording = [
    event('param', { aggregates }),
    event('metric', { time: { type: 'gauge' }, [metricNames.requests]: { type: 'counter' } }),
    event('snapshot', [[0, 0], [1000]]),
    event('metric', { [metricNames.allTimes]: { type: 'trend' } }),
    event('cumulative', [[1, 2], [99, 99], [2000]]),
    event('snapshot', [[1, 2], [10, 10], [2000]]),
    event('metric', { [metricNames.allShed]: { type: 'counter' } }),
    event('snapshot', [[3, 4], [30, 30], [6, 6], [4000]]),
    event('snapshot', [[0, 0], [0, 0], [0, 0], [6000]]),
  ].join('\n');

  test('is a point for each period, from the first request to the last', () => {
    deepEqual(readRecording(recording, 2), [
      { second: 2, rate: 5, shedRate: 0, p95: 2 },
      { second: 4, rate: 15, shedRate: 3, p95: 4 },
    ]);
  });

  test('is drawn', () => {
    const svg = plot('k6 load', readRecording(recording, 2));
    match(svg, /^<svg xmlns/);
    equal([...svg.matchAll(/<polyline points="[\d., ]+"/g)].length, 3);
    doesNotMatch(svg, /NaN|undefined/);
  });
});
