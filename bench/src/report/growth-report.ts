import type { Measurement } from '../load.ts';
import type { GrowthFigures } from '../scenarios/growth.ts';
import { latency, number, table } from './table.ts';

/** How the same requests fare while the store grows. */
export function renderGrowth(growth: readonly GrowthFigures[]): string {
  const head = ['', ...growth.map(({ entries }) => `${number(entries)} entries`), 'last to first'];
  const row = (name: string, of: (figures: GrowthFigures) => number) => {
    const values = growth.map(of);
    return [name, ...values.map(number), number((values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN))];
  };
  const names = growth[0]?.requests.map(({ name }) => name) ?? [];
  const of = (name: string, pick: (measurement: Measurement) => number) => (figures: GrowthFigures) =>
    pick(found(figures, name));
  return [
    '## Growth',
    'One store, loaded through the public API (PUT, 202, 64 connections; no more than 70,000 operations ahead). Target: within 20 %.',
    table(head, [
      row('loading: entries/s, applied', ({ loadRate }) => loadRate),
      row('loading: server CPU, µs an entry', ({ loadMicros }) => loadMicros),
      ...names.map((name) =>
        row(
          `${name}: answers/s`,
          of(name, ({ rate }) => rate),
        ),
      ),
      ...names.map((name) =>
        row(
          `${name}: server CPU, µs`,
          of(name, ({ serverMicros }) => serverMicros),
        ),
      ),
      row('RSS, MiB', ({ memory }) => memory.rss),
      row('highest RSS so far, MiB', ({ memory }) => memory.peakRss),
      row('database, MiB', ({ databaseMiB }) => databaseMiB),
    ]),
    table(
      ['p50 / p99, ms', ...growth.map(({ entries }) => `${number(entries)} entries`)],
      names.map((name) => [name, ...growth.map((figures) => latency(found(figures, name).latency))]),
    ),
  ].join('\n\n');
}

function found({ requests }: GrowthFigures, name: string): Measurement {
  const request = requests.find((each) => each.name === name);
  if (request === undefined) throw new Error(`there are no figures of ${name}`);
  return request.measurement;
}
