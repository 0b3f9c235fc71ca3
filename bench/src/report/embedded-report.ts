import type { EmbeddedResults } from '../embedded.ts';
import type { Environment } from '../environment.ts';
import type { RateFigures } from '../scenarios/rates.ts';
import { spreadOf } from '../spread.ts';
import { renderGrowth } from './growth-report.ts';
import { latency, number, spread, table } from './table.ts';

/** The results as Markdown. */
export function renderEmbedded(results: EmbeddedResults): string {
  const { environment, isQuick, seconds } = results;
  const marks = [...(isQuick ? ['quick run'] : []), ...(environment.isDirty ? ['uncommitted changes'] : [])];
  const heading = `# Embedded store${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`;
  const command = `\`npm run bench -- embedded${isQuick ? ' --quick' : ''}\``;
  const sections = [
    heading,
    `${environment.startedAt}, commit ${environment.commit}, ${command}, ${number(seconds)} s. Three figures are min / **median** / max. Every answer was checked: the status of each, the length of each value, the bytes of one value in sixteen.`,
    renderEnvironment(environment),
    renderTargets(results),
    renderRates(results),
    renderLatency(results),
    renderGrowth(results.growth),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The machine, as a section. */
export function renderEnvironment(environment: Environment): string {
  const { cpu, cores, memoryMiB, system, node, hasCompileCache, loadAverage, flushMs } = environment;
  const rows = [
    ['CPU', `${cpu}, ${cores} cores, shared by the server and the load generator`],
    ['memory', `${number(memoryMiB)} MiB`],
    ['system', system],
    ['Node', `${node}, ${hasCompileCache ? 'with' : 'without'} its compile cache`],
    ['load average at the start', loadAverage.join(', ')],
    ['4 KiB and fdatasync, ms', spread(flushMs)],
  ];
  return `## Environment\n\n${table(['machine', ''], rows)}`;
}

function renderTargets({ start, rates, growth }: EmbeddedResults): string {
  const get = find(rates, 'GET');
  const put = find(rates, 'PUT, durable');
  const peak = Math.max(...growth.map(({ memory }) => memory.peakRss));
  const rows = [
    ['start to the first 200 of /readyz, ms', '', spread(start.readyMs)],
    ['start to the first waited PUT and GET, ms', '< 1,000', spread(start.firstAnswerMs)],
    ['the same, making the data folder, ms', '< 1,000', number(start.firstEverMs)],
    [
      'idle RSS, workers included, MiB',
      '< 150',
      `${number(start.idle.rss)} (Pss ${number(start.idle.pss)}, anonymous ${number(start.idle.anonymous)})`,
    ],
    ['GET, cached, to the constant route', '≥ 0.7', spread(get.ratio)],
    ['durable PUT, to the constant route', '≥ 0.2', spread(put.ratio)],
    ['durable PUT, a second', '10,000 where the constant route does 50,000', spread(put.rate)],
    ['highest RSS while growing, MiB', 'bounded', number(peak)],
  ];
  return `## Targets\n\n${table(['one process', 'target', 'measured'], rows)}`;
}

function find(rates: readonly RateFigures[], name: string): RateFigures {
  const found = rates.find((figures) => figures.name.startsWith(name));
  if (found === undefined) throw new Error(`there are no figures of ${name}`);
  return found;
}

function renderRates({ rates, crossCheck }: EmbeddedResults): string {
  const median = (figures: RateFigures, of: (round: RateFigures['rounds'][number]) => number) =>
    number(spreadOf(figures.rounds.map(of)).median);
  const rows = rates.map((figures) => [
    figures.name,
    spread(figures.rate),
    spread(figures.ratio),
    median(figures, ({ serverMicros }) => serverMicros),
    spread(figures.cpuRatio),
    `${median(figures, (round) => round.latency.p50)} / ${median(figures, (round) => round.latency.p99)}`,
    median(figures, ({ lag }) => lag?.p99 ?? Number.NaN),
    median(figures, ({ generatorMicros }) => generatorMicros),
  ]);
  const head = [
    '64 connections, closed loop',
    'answers/s',
    'to the constant route',
    'server CPU, µs',
    'to the constant route',
    'p50 / p99, ms',
    'event loop p99, ms',
    'generator CPU, µs',
  ];
  const { ownRate, autocannonRate, serverMicros } = crossCheck;
  return [
    '## Rates',
    'The servers take turns in each round. CPU is user and system time of all threads, an answer.',
    table(head, rows),
    renderDrains(rates),
    renderThreads(rates),
    `Cross-check of the generator: the constant route did ${number(ownRate)}/s (server CPU ${number(serverMicros)} µs), ${number(autocannonRate)}/s under autocannon, which takes more of the machine.`,
  ].join('\n\n');
}

function renderDrains(rates: readonly RateFigures[]): string {
  const rows = rates.flatMap(({ name, settling }) =>
    settling === undefined
      ? []
      : [[name, spread(settling.rate), spread(settling.backlog), spread(settling.drainSeconds)]],
  );
  return table(['', 'operations settled/s, load and drain', 'backlog after the load', 'drained in, s'], rows);
}

function renderThreads(rates: readonly RateFigures[]): string {
  const rows = rates.map(({ name, rounds }) => [
    name,
    (rounds.at(-1)?.threads ?? [])
      .toSorted((a, b) => b.cpuMicros - a.cpuMicros)
      .map((thread) => `${thread.name} ${number(thread.cpuMicros)}`)
      .join(', '),
  ]);
  return table(['last round', 'server CPU by thread, µs an answer'], rows);
}

function renderLatency({ latency: { halfPeak, interference } }: EmbeddedResults): string {
  const { wanted, measurement } = halfPeak;
  const { p50, p99, p999, max } = measurement.latency;
  const head = ['', 'answers/s', 'p50', 'p99', 'p99.9', 'max'];
  const fixed = [`GET, cached, at ${number(wanted)}/s`, number(measurement.rate), ...[p50, p99, p999, max].map(number)];
  const beside = interference.map(({ beside: what, small, other }) => [
    what,
    latency(small.latency),
    number(small.latency.p999),
    number(small.latency.max),
    other === undefined ? '' : number(other.rate),
    other === undefined ? '' : latency(other.latency),
  ]);
  return [
    '## Latency at a fixed rate, ms',
    'Open loop: a request is sent when it is due, and its latency counts from then (no coordinated omission).',
    table(head, [fixed]),
    '500 small GETs a second, beside:',
    table(['', 'p50 / p99', 'p99.9', 'max', 'other answers/s', 'their p50 / p99'], beside),
  ].join('\n\n');
}
