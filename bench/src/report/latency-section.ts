import type { FixedRate } from '../fixed-rate.ts';
import { number, table } from './table.ts';

/** Latencies at fixed rates. */
export function renderFixedRates(fixedRates: readonly FixedRate[]): string {
  const rows = fixedRates.map(({ name, wanted, rate, unsent, latency: { p50, p99, p999, max } }) => [
    `${name}, at ${number(wanted)}/s${unsent === undefined ? '' : ` (${number(unsent)} still waited to be sent at the end: times are at least these)`}`,
    number(rate),
    ...[p50, p99, p999, max].map(number),
  ]);
  return table(['open loop, ms from when a request was due', 'answers/s', 'p50', 'p99', 'p99.9', 'max'], rows);
}
