import type { Bench } from './bench.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type CrossCheck, crossCheck } from './scenarios/cross-check.ts';
import { type GrowthFigures, measureGrowth } from './scenarios/growth.ts';
import { type LatencyFigures, measureLatencies } from './scenarios/latency.ts';
import { measureRates, type RateFigures } from './scenarios/rates.ts';
import { measureStarts, type StartFigures } from './scenarios/start.ts';

/** All figures of one run on the embedded store. */
export interface EmbeddedResults {
  readonly isQuick: boolean;
  readonly environment: Environment;
  readonly start: StartFigures;
  readonly crossCheck: CrossCheck;
  readonly rates: readonly RateFigures[];
  readonly latency: LatencyFigures;
  readonly growth: readonly GrowthFigures[];
  readonly seconds: number;
}

/** Runs all scenarios on the embedded store. @throws Error at the first answer that was wrong */
export async function benchEmbedded(bench: Bench): Promise<EmbeddedResults> {
  const startedAt = performance.now();
  const environment = readEnvironment();
  const start = await measureStarts(bench);
  const check = await crossCheck(bench);
  const rates = await measureRates(bench);
  const gets = rates.find(({ name }) => name.startsWith('GET'));
  const latency = await measureLatencies(bench, gets?.rate.median ?? 0);
  const growth = await measureGrowth(bench);
  const seconds = (performance.now() - startedAt) / 1000;
  return { isQuick: bench.plan.isQuick, environment, start, crossCheck: check, rates, latency, growth, seconds };
}
