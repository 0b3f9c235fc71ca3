import { defaultParameters, type LeastTraffic, type Parameters } from '../checks/parameters.ts';

export type Mode = 'embedded' | 'native';

/** What decides a run, as far as anything does. */
export interface RunSettings {
  readonly mode: Mode;
  /** Of traffic. */
  readonly seconds: number;
  readonly seed: number;
  readonly clients: number;
  readonly callsPerSecond: number;
  readonly hasFaults: boolean;
}

/** On one machine there is one clock; it is cut to milliseconds, in several places. */
const skewMs = 50;

/** What the run is held against. The amounts are those of a minute; a shorter run needs less. */
export function parametersOf({ seconds }: RunSettings): Parameters {
  const share = Math.min(1, seconds / 60);
  const amounts = Object.entries(defaultParameters.least).map(([name, amount]) => [
    name,
    unscaled.has(name) ? amount : Math.max(1, Math.floor(amount * share)),
  ]);
  return { ...defaultParameters, skewMs, least: Object.fromEntries(amounts) as unknown as LeastTraffic };
}

/** How many there are does not depend on how long it takes. */
const unscaled: ReadonlySet<string> = new Set<keyof LeastTraffic>(['clients', 'keys', 'failuresOfClient']);
