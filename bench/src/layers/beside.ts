import { atFixedRate, type FixedRate } from '../fixed-rate.ts';
import type { LayerBench } from '../layer-bench.ts';
import { MemoryPeak } from '../memory-peak.ts';
import { number } from '../report/table.ts';
import { atMost, type Check, type Fact, type Target } from '../scenario.ts';
import { spreadOf } from '../spread.ts';
import type { Subject } from '../subject.ts';
import type { ByKind } from '../usage.ts';

/** Small requests a second, enough to see what meets them and few enough to keep nobody busy. */
const smallRate = 500;
const smallConnections = 16;
/** Kinds of process that take less are not told of one by one. */
const leastMiB = 100;

/** How small requests fared beside something else. */
export interface Beside {
  /** `beside 10,000 idle connections`. */
  readonly what: string;
  readonly small: FixedRate;
  /** Highest RSS of each kind of process meanwhile, MiB. */
  readonly peak: ByKind;
}

/** Sends small requests at a fixed rate while something else goes on. */
export async function beside(bench: LayerBench, small: Subject, what: string): Promise<Beside> {
  const watch = new MemoryPeak(small.processes());
  const figures = await atFixedRate(bench, { ...small, name: `${small.name}, ${what}` }, smallRate, {
    connections: smallConnections,
  }).finally(() => watch.end());
  return { what, small: figures, peak: watch.end() };
}

/** The highest of all rounds, of all processes and of each kind. */
export function memoryFacts(rounds: readonly Beside[]): Fact[] {
  const busy = [...peakOf(rounds)].filter(([, mib]) => mib >= leastMiB).sort(([, one], [, other]) => other - one);
  const what = rounds[0]?.what ?? '';
  const parts = busy.map(([kind, value]) => ({ name: `${what}: highest RSS, ${kind}`, value, unit: 'MiB' }));
  return [{ name: `${what}: highest RSS, all`, value: sum(peakOf(rounds)), unit: 'MiB' }, ...parts];
}

/** @param mostMiB that all processes together may take more than when they were quiet */
export function memoryCheck(rounds: readonly Beside[], quiet: readonly Beside[], mostMiB: number): Check {
  const more = sum(peakOf(rounds)) - sum(peakOf(quiet));
  return {
    what: `memory ${rounds[0]?.what} stays within ${number(mostMiB)} MiB of that of ${quiet[0]?.what}`,
    isMet: more <= mostMiB,
    detail: `${number(more)} MiB more, all processes`,
  };
}

/** p99 to that of the same round when it was quiet. @param most undefined: it is only reported */
export function timesTarget(rounds: readonly Beside[], quiet: readonly Beside[], most?: number): Target {
  const p99 = (each: Beside | undefined) => each?.small.latency.p99 ?? Number.NaN;
  return {
    work: `small GETs ${rounds[0]?.what}: p99 at ${smallRate}/s`,
    ...(most === undefined ? {} : { limit: atMost(most) }),
    unit: 'of the quiet figure',
    measured: spreadOf(rounds.map((each, round) => p99(each) / p99(quiet[round]))),
  };
}

function peakOf(rounds: readonly Beside[]): ByKind {
  const peak = new Map<string, number>();
  for (const [kind, mib] of rounds.flatMap(({ peak: each }) => [...each]))
    peak.set(kind, Math.max(mib, peak.get(kind) ?? 0));
  return peak;
}

function sum(peak: ByKind): number {
  return [...peak.values()].reduce((all, mib) => all + mib, 0);
}
