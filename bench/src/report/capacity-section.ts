import type { ScenarioResults } from '../layer-results.ts';
import { findSubject } from './limits-section.ts';
import { number, spread, table } from './table.ts';

const rows: readonly { readonly scenario: string; readonly name: string }[] = [
  { scenario: 'reads', name: 'GET hit' },
  { scenario: 'reads', name: 'constant route, bare Fastify' },
  { scenario: 'reads', name: 'etcd range' },
  { scenario: 'writes', name: 'PUT accepted (202)' },
  { scenario: 'writes', name: 'PUT waited' },
  { scenario: 'writes', name: 'etcd put' },
  { scenario: 'mixed', name: '95 % GET, 5 % PUT, zipf' },
];
const microsPerSecond = 1_000_000;

/** What one core gives when it does nothing but the work of all layers, the load generator's left out. */
export function renderCapacity(results: readonly ScenarioResults[]): string {
  const found = rows.flatMap(({ scenario, name }) => findSubject(results, scenario, name) ?? []);
  const cells = found.map(({ name, allCpuMicros, rate }) => [
    name,
    spread(allCpuMicros),
    number(microsPerSecond / allCpuMicros.median),
    spread(rate),
  ]);
  return [
    'Through Nginx and Envoy. A request takes so much CPU over all processes; so many of them fill one core. A write counts until it is applied.',
    table(['', 'CPU a request, µs', 'requests/s a core', 'reached here, beside the generator'], cells),
  ].join('\n\n');
}
