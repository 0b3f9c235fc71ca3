/* What the scenarios are. No k6 in here: the command, its help and its report read this too. */

export const scenarioNames = ['smoke', 'load', 'stress', 'spike', 'soak'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What a run can be told. */
export interface Parameters {
  /** Steps a second, the highest there are to be. Most are one request, a few are two. */
  readonly rate: number;
  readonly seconds: number;
  /** Entries that are there from the beginning to the end. */
  readonly keys: number;
  /** Of each of them. */
  readonly valueBytes: number;
  /** Requests under way at once, each on a connection of its own. When none is free, a step is dropped. */
  readonly connections: number;
}

export interface Scenario {
  readonly about: string;
  readonly defaults: Parameters;
  /** The shortest that there can be. */
  readonly minSeconds: number;
  /** Whether to be refused politely (429, or 503 with `Retry-After`) is an answer as good as another. */
  readonly maySwamp: boolean;
  /** How many of the steps that were due may be dropped: a share of them. */
  readonly maxDropped: number;
  /** How much slower than the limits of `kinds.ts` it may be. */
  readonly patience: number;
}

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  smoke: {
    about: 'a few requests of each kind, to see that all is well',
    defaults: { rate: 20, seconds: 10, keys: 100, valueBytes: 128, connections: 8 },
    minSeconds: 1,
    maySwamp: false,
    maxDropped: 0.001,
    patience: 4,
  },
  load: {
    about: 'an everyday rate that the store has to bear with ease',
    defaults: { rate: 250, seconds: 60, keys: 10_000, valueBytes: 128, connections: 128 },
    minSeconds: 1,
    maySwamp: false,
    maxDropped: 0.001,
    patience: 1,
  },
  stress: {
    about: 'a rate that rises to what may be too much',
    defaults: { rate: 800, seconds: 60, keys: 10_000, valueBytes: 128, connections: 256 },
    minSeconds: 10,
    maySwamp: true,
    maxDropped: 0.1,
    patience: 10,
  },
  spike: {
    about: 'ten times the rate from one second to the next, and back; the store has to recover at once',
    defaults: { rate: 1000, seconds: 60, keys: 10_000, valueBytes: 128, connections: 256 },
    minSeconds: 10,
    maySwamp: true,
    maxDropped: 0.1,
    patience: 10,
  },
  soak: {
    about: 'the same rate for long',
    defaults: { rate: 150, seconds: 1800, keys: 10_000, valueBytes: 128, connections: 128 },
    minSeconds: 1,
    maySwamp: false,
    maxDropped: 0.001,
    patience: 1,
  },
};

export function isScenarioName(word: string): word is ScenarioName {
  return scenarioNames.some((name) => name === word);
}
