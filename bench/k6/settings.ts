import { type Parameters, type ScenarioName, scenarios } from './scenarios.ts';

/** What the command told k6, with `-e NAME=VALUE`. */
export interface Settings extends Parameters {
  /** Without a slash at its end. */
  readonly url: string;
  /** What all keys of this run begin with; ends with a slash. */
  readonly space: string;
  /** Whether the entries are removed at the end. */
  readonly cleansUp: boolean;
  /** The file that gets the summary; k6's standard output when nothing was said. */
  readonly summaryFile: string;
}

/** @throws Error when a number is none */
export function readSettings(name: ScenarioName): Settings {
  const { defaults } = scenarios[name];
  return {
    url: __ENV.STORE_URL ?? 'http://127.0.0.1:8080',
    space: `k6/${__ENV.STORE_RUN ?? 'by-hand'}/`,
    cleansUp: __ENV.STORE_KEEP === undefined,
    summaryFile: __ENV.STORE_SUMMARY ?? 'stdout',
    rate: numberOf('STORE_RATE', defaults.rate),
    seconds: numberOf('STORE_SECONDS', defaults.seconds),
    keys: numberOf('STORE_KEYS', defaults.keys),
    valueBytes: numberOf('STORE_VALUE_BYTES', defaults.valueBytes),
    connections: numberOf('STORE_CONNECTIONS', defaults.connections),
  };
}

function numberOf(name: string, otherwise: number): number {
  const value = Number(__ENV[name] ?? otherwise);
  if (!(value > 0)) throw new Error(`${name} has to be a number above 0.`);
  return value;
}
