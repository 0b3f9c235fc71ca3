import type { Environment } from '../../bench/src/environment.ts';
import { connections, keyBytes, valueBytes } from '../../bench/src/quick/load.ts';
import { type CapacityFigures, entries, loadSeconds } from './measure.ts';
import type { TableSize } from './sizes.ts';

const busyLoad = 3;
const lineWidth = 150;
/** As the example of the page has it. */
const planned = { writesPerSecond: 1000, days: 7 };

/** The section of the page, without the marks around it. */
export function capacityReport(environment: Environment, figures: CapacityFigures): string {
  return [
    filled(introduction(environment)),
    'Through Nginx:',
    rates(figures),
    filled(
      'What that took of each kind of process: CPU seconds for 1,000 requests, beyond what it takes when idle, until the last write was applied; ' +
        'percent of a core when idle; MiB of memory (PSS) after all loads.',
    ),
    processes(figures),
    `What is stored, for keys of ${keyBytes} bytes and values of ${valueBytes}, indexes included:`,
    sizes(figures),
  ].join('\n\n');
}

function introduction({ startedAt, cpu, cores, memoryMiB, node, loadAverage, flushMs }: Environment): string {
  const [load = 0] = loadAverage;
  const busy =
    load > busyLoad
      ? ': other work went on then, and perhaps meanwhile, so rates may be lower and times longer than on a machine of its own'
      : '';
  return [
    `Made by \`npm run capacity\` on ${startedAt.slice(0, 10)}, in one run of one machine: ${cores} cores (${cpu}),`,
    `${whole(memoryMiB / 1024)} GiB, Node ${node}; 4 KiB reach its disk in ${round(flushMs.median)} ms (median).`,
    `The load average before it was ${load}${busy}. A native store with its default counts and autocannon shared the cores.`,
    `${whole(entries)} entries; each load ran for ${loadSeconds} s on ${connections} connections.`,
  ].join(' ');
}

function rates({ costs }: CapacityFigures): string {
  const rows = costs.map(({ name, rate, p50, p99 }) => [name, whole(rate), round(p50), round(p99)]);
  return table(['', 'a second', 'p50, ms', 'p99, ms'], rows);
}

function processes({ costs, idleCpu, memory }: CapacityFigures): string {
  const kinds = [...memory.keys()].toSorted((one, other) => (memory.get(other) ?? 0) - (memory.get(one) ?? 0));
  const row = (name: string, of: (figures: ReadonlyMap<string, number>) => number) => [
    name,
    ...costs.map(({ cpu }) => of(cpu).toFixed(2)),
    whole(of(idleCpu) * 100),
    whole(of(memory)),
  ];
  const rows = kinds.map((kind) => row(kind, (figures) => figures.get(kind) ?? 0));
  const all = row('**all**', (figures) => [...figures.values()].reduce((sum, each) => sum + each, 0));
  return table(['', ...costs.map(({ name }) => name), 'idle, %', 'memory, MiB'], [...rows, all]);
}

function sizes({ newEntries, usedEntries, operations, cached }: CapacityFigures): string {
  const perRow = ({ rows, bytes }: TableSize) => whole(bytes / rows);
  const written = round(operations.rows / entries);
  const { writesPerSecond, days } = planned;
  const logRows = writesPerSecond * days * 24 * 3600;
  const logBytes = (operations.bytes / operations.rows) * logRows;
  return table(
    ['', 'bytes'],
    [
      ['PostgreSQL, an entry that was written once', perRow(newEntries)],
      [`PostgreSQL, an entry after ${written} writes each, on average, in a minute or less`, perRow(usedEntries)],
      ['PostgreSQL, an operation of the log', perRow(operations)],
      [
        `the same for ${whole(writesPerSecond)} writes a second and ${days} days, ${whole(logRows / 1e6)} million rows`,
        `${whole(logBytes / 1e9)} GB`,
      ],
      ['Redis, a cached entry', whole(cached.bytes / cached.keys)],
    ],
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Broken into lines like the rest of the page. */
function filled(text: string): string {
  return text.replaceAll(new RegExp(`(.{1,${lineWidth}})(?: |$)`, 'g'), '$1\n').trimEnd();
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** To two digits after the point, without zeros at the end. */
function round(value: number): string {
  return `${Number(value.toFixed(2))}`;
}
