import type { Options, Scenario as Part } from 'k6/options';
import type { ScenarioName } from './scenarios.ts';
import type { Settings } from './settings.ts';
import { type Course, planOf, secondsOf } from './stages.ts';
import { partNames, thresholdsOf } from './thresholds.ts';

/** Requests that are sent side by side to fill in the entries. */
export const fillAtOnce = 32;

/** k6's options of a scenario. The functions it names are exported by every script. */
export function optionsOf(name: ScenarioName, settings: Settings): Options {
  const { main, recovery } = planOf(name, settings);
  const parts: Record<string, Part> = { [partNames.main]: partOf(main, settings.connections) };
  if (recovery !== undefined) {
    const startTime = `${milliseconds(secondsOf(main))}ms`;
    parts[partNames.recovery] = { ...partOf(recovery, settings.connections), startTime };
  }
  const patience = `${60 + Math.ceil(settings.keys / 100)}s`;
  return {
    scenarios: parts,
    thresholds: thresholdsOf(name, settings),
    summaryTrendStats: ['count', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
    // The address of each request would be a time series of its own.
    systemTags: ['scenario', 'status', 'name', 'check', 'group'],
    batch: fillAtOnce,
    batchPerHost: fillAtOnce,
    setupTimeout: patience,
    teardownTimeout: patience,
    noCookiesReset: true,
  };
}

function partOf({ startRate, stages }: Course, connections: number): Part {
  const all = { exec: 'step', preAllocatedVUs: connections, maxVUs: connections, gracefulStop: '20s' };
  const [only] = stages;
  if (stages.length === 1 && only !== undefined) {
    const duration = `${milliseconds(only.seconds)}ms`;
    return { ...all, executor: 'constant-arrival-rate', rate: startRate, duration };
  }
  return {
    ...all,
    executor: 'ramping-arrival-rate',
    startRate,
    stages: stages.map(({ seconds, target }) => ({ duration: `${milliseconds(seconds)}ms`, target })),
  };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
