import type { SubjectFigures } from '../contest.ts';
import type { ScenarioResults } from '../layer-results.ts';
import { total } from '../turn.ts';
import { number, table } from './table.ts';

/** Of the store, in the first contest of each scenario. */
const subjects: readonly { readonly scenario: string; readonly name: string }[] = [
  { scenario: 'reads', name: 'GET hit' },
  { scenario: 'gateway-reads', name: 'GET hit at the gateway' },
  { scenario: 'misses', name: 'GET miss' },
  { scenario: 'writes', name: 'PUT accepted (202)' },
  { scenario: 'writes', name: 'PUT waited' },
  { scenario: 'mixed', name: '95 % GET, 5 % PUT, zipf' },
];
const shown = 4;

/** Which kinds of process a request's CPU goes to, the greatest first. */
export function limitingLayers(results: readonly ScenarioResults[]): string {
  const rows = subjects.flatMap(({ scenario, name }) => {
    const found = findSubject(results, scenario, name);
    return found === undefined ? [] : [[name, number(total(found.cpuMicros)), shares(found), saturation(found)]];
  });
  const head = [
    '',
    'CPU of all processes, µs an answer',
    'where it goes',
    'cores kept busy: all servers, the busiest kind, the generator',
  ];
  return [
    'On a machine whose cores are all busy, the sum of what all processes take is the limit, and a layer limits by its share of it. A kind of process that keeps a core of its own busy (1.0) is a limit by itself: a second one would help, given a core. Where servers and generator together keep fewer cores busy than there are, the kinds wait for each other, or the kernel works for all of them (its network interrupts count for nobody).',
    table(head, rows),
  ].join('\n\n');
}

/** Of the first contest of a scenario. */
export function findSubject(
  results: readonly ScenarioResults[],
  scenario: string,
  name: string,
): SubjectFigures | undefined {
  const [contest] = results.find((each) => each.name === scenario)?.contests ?? [];
  return contest?.subjects.find((subject) => subject.name === name);
}

function shares({ cpuMicros }: SubjectFigures): string {
  const all = total(cpuMicros);
  const sorted = Object.entries(cpuMicros).sort(([, one], [, other]) => other - one);
  return sorted
    .slice(0, shown)
    .map(([kind, micros]) => `${kind} ${number((100 * micros) / all)} %`)
    .join(', ');
}

function saturation({ cpuMicros, rate, generatorMicros }: SubjectFigures): string {
  const cores = (micros: number) => ((micros * rate.median) / 1_000_000).toFixed(2);
  const [kind = '', micros = 0] = Object.entries(cpuMicros).sort(([, one], [, other]) => other - one)[0] ?? [];
  return `all ${cores(total(cpuMicros))}, ${kind} ${cores(micros)}, generator ${cores(generatorMicros)}`;
}
