import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { judgeRun } from '../checks/all.ts';
import { defaultParameters, type Parameters } from '../checks/parameters.ts';
import { type SimulationOptions, simulateRun } from './simulated-run.ts';
import type { Mistake } from './simulated-store.ts';

const options: SimulationOptions = { seed: 1, clients: 12, callsOfClient: 300, cacheTtlMs: 400 };
const parameters: Parameters = {
  ...defaultParameters,
  cacheTtlMs: options.cacheTtlMs,
  // One clock.
  skewMs: 1,
  least: {
    ...defaultParameters.least,
    calls: 3000,
    keys: 40,
    callsOfKind: 20,
    waitedWrites: 300,
    acceptedWrites: 300,
    retriedWrites: 5,
  },
};

/** The names of the checks that refuse a run, with what they say first. */
function refusals(change: Partial<SimulationOptions>): Map<string, string> {
  const { history, final } = simulateRun({ ...options, ...change });
  const refusing = judgeRun(history, final, parameters).filter(({ violations }) => violations.length > 0);
  return new Map(refusing.map(({ name, violations }) => [name, JSON.stringify(violations.slice(0, 3))]));
}

test('runs of a store that keeps its promises pass every check', () => {
  for (let seed = 1; seed <= 8; seed += 1) deepEqual([...refusals({ seed })], [], `seed ${seed}`);
});

/** Which checks have to find a mistake. Others may find it too. */
const finders: Readonly<Record<Mistake, readonly string[]>> = {
  'loses an accepted write': ['accounting'],
  'applies a redelivery': ['accounting', 'versions', 'linearizability', 'quiescence'],
  'ignores conditions': ['versions', 'linearizability'],
  'forgets identities': ['accounting', 'versions'],
  'says created wrongly': ['versions', 'linearizability'],
  'gives old versions': ['order', 'linearizability', 'quiescence'],
  overtakes: ['order'],
  'leaves the cache as it is': ['staleness'],
  'caches for too long': ['staleness'],
  'reads past the cache from it': ['linearizability'],
  'ignores Sync-Tokens': ['sync-token'],
  'serves what has expired': ['expiry'],
  'lists from two moments': ['lists'],
  'leaves a key out of lists': ['lists'],
  'settles what was accepted': ['accounting'],
  'logs another key': ['accounting'],
};

for (const [mistake, names] of Object.entries(finders)) {
  test(`a store that ${mistake} is found by ${names.join(', ')}`, () => {
    const found = refusals({ mistake: mistake as Mistake });
    const missed = names.filter((name) => !found.has(name));
    ok(missed.length === 0, `missed by ${missed.join(', ')}; ${JSON.stringify([...found.keys()])}`);
  });
}
