import type { FixedRate } from '../fixed-rate.ts';
import { number, table } from './table.ts';

/** Latencies at fixed rates. */
export function renderFixedRates(fixedRates: readonly FixedRate[]): string {
  const rows = fixedRates.map(({ name, wanted, rate, latency: { p50, p99, p999, max } }) => [
    `${name}, at ${number(wanted)}/s`,
    number(rate),
    ...[p50, p99, p999, max].map(number),
  ]);
  return table(['open loop, ms from when a request was due', 'answers/s', 'p50', 'p99', 'p99.9', 'max'], rows);
}
