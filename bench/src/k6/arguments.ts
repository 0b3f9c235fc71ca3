import { parseArgs } from 'node:util';
import { isScenarioName, type Parameters, type ScenarioName, scenarioNames, scenarios } from '../../k6/scenarios.ts';
import { readCount, readSeconds, readUrl } from '../load-arguments.ts';
import { UsageError } from '../usage-error.ts';

export interface K6Command {
  readonly scenario: ScenarioName;
  readonly parameters: Parameters;
  /** Of the store; undefined when one has to be started. */
  readonly url: string | undefined;
  /** Whether the report goes into docs/load-tests. */
  readonly writes: boolean;
  /** A file for k6's own report. */
  readonly html: string | undefined;
}

const options = {
  url: { type: 'string' },
  rate: { type: 'string' },
  duration: { type: 'string' },
  keys: { type: 'string' },
  'value-bytes': { type: 'string' },
  connections: { type: 'string' },
  write: { type: 'boolean' },
  html: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const nameWidth = 8;
/** A value begins with its key, so shorter ones would be all the same. */
const minValueBytes = 16;

export const usage = `Usage: npm run k6 -- SCENARIO [OPTION...]

Puts a load on a store with k6: a mix of all kinds of requests, whose answers are all judged. Ends with 0 when every
threshold holds, with 1 when one does not or the run failed.

${scenarioNames.map(describe).join('\n')}

  --url URL           the store, such as http://127.0.0.1:8080; without it a native store of its own is started, and
                      removed at the end
  --rate N            steps a second, the highest there are to be; most are one request, some are two
  --duration TIME     how long, such as 90s, 30m or 2h
  --keys N            entries that are there from the beginning to the end
  --value-bytes N     size of their values
  --connections N     requests under way at once; when all are taken, a step is dropped, which counts
  --write             write docs/load-tests/SCENARIO.md, its plot and bench/results/k6-SCENARIO.json
  --html FILE         write k6's own report too: one page that needs nothing else
  --help

A run on a store of its own and with the defaults writes its report also without --write. On a store that was given,
all keys begin with k6/, and are deleted at the end.
`;

/** @throws UsageError */
export function readArguments(args: readonly string[]): K6Command | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [scenario, ...others] = positionals;
  if (scenario === undefined) throw new UsageError('Which scenario?');
  if (others.length > 0) throw new UsageError(`One scenario at a time: ${positionals.join(', ')}.`);
  if (!isScenarioName(scenario)) throw new UsageError(`There is no scenario ${scenario}.`);

  const { defaults, minSeconds } = scenarios[scenario];
  const { rate, duration, keys, connections, 'value-bytes': valueBytes } = values;
  const given = [rate, duration, keys, connections, valueBytes].some((value) => value !== undefined);
  return {
    scenario,
    parameters: {
      rate: rate === undefined ? defaults.rate : readCount('rate', rate, 1, 100_000),
      seconds: duration === undefined ? defaults.seconds : readSeconds('duration', duration, minSeconds),
      keys: keys === undefined ? defaults.keys : readCount('keys', keys, 1, 1_000_000),
      valueBytes:
        valueBytes === undefined ? defaults.valueBytes : readCount('value-bytes', valueBytes, minValueBytes, 2 ** 23),
      connections: connections === undefined ? defaults.connections : readCount('connections', connections, 1, 10_000),
    },
    url: values.url === undefined ? undefined : readUrl(values.url),
    writes: values.write ?? (values.url === undefined && !given),
    html: values.html,
  };
}

/** The command that was given, without the address, which is nobody's business. */
export function commandOf({ scenario, parameters, url }: K6Command): string {
  const { defaults } = scenarios[scenario];
  const words = [
    ['--rate', parameters.rate, defaults.rate],
    ['--duration', `${parameters.seconds}s`, `${defaults.seconds}s`],
    ['--keys', parameters.keys, defaults.keys],
    ['--value-bytes', parameters.valueBytes, defaults.valueBytes],
    ['--connections', parameters.connections, defaults.connections],
  ].flatMap(([name, value, usual]) => (value === usual ? [] : [`${name} ${value}`]));
  return ['npm run k6 --', scenario, ...(url === undefined ? [] : ['--url URL']), ...words].join(' ');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(name: ScenarioName): string {
  const { about, defaults } = scenarios[name];
  const { rate, seconds, keys, connections } = defaults;
  const figures = `${rate}/s for ${seconds}s, ${keys} keys, ${connections} connections`;
  return `  ${name.padEnd(nameWidth)}${about}\n${' '.repeat(nameWidth + 2)}(${figures})`;
}
