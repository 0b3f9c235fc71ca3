import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { checkAccounting } from '../checks/accounting.ts';
import { judgeRun } from '../checks/all.ts';
import { checkExpiry } from '../checks/expiry.ts';
import { checkLinearizability } from '../checks/linearizability.ts';
import { checkLists } from '../checks/lists.ts';
import { checkOrder } from '../checks/order.ts';
import { defaultParameters, type Parameters } from '../checks/parameters.ts';
import { checkQuiescence } from '../checks/quiescence.ts';
import type { Check } from '../checks/report.ts';
import { checkStaleness } from '../checks/staleness.ts';
import { checkSyncToken } from '../checks/sync-token.ts';
import { checkVersions } from '../checks/versions.ts';
import { answerOf } from '../history/call.ts';
import { type SimulatedRun, type SimulationOptions, simulateRun } from './simulated-run.ts';
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
function refusals({ history, final }: SimulatedRun): Map<string, string> {
  const refusing = judgeRun(history, final, parameters).filter(({ violations }) => violations.length > 0);
  return new Map(refusing.map(({ name, violations }) => [name, JSON.stringify(violations.slice(0, 3))]));
}

/** The run with those rows of the log alone whose operations a sender was named. */
function withoutStrays({ history, final }: SimulatedRun): SimulatedRun {
  const named = new Set(history.calls.map((call) => answerOf(call)?.operation));
  const rows = final.log.rows.filter(({ id }) => named.has(id));
  return { history, final: { ...final, log: { isWhole: false, rows } } };
}

test('runs of a store that keeps its promises pass every check, stale reads after a fault included', () => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const run = simulateRun({ ...options, seed });
    deepEqual([...refusals(run)], [], `seed ${seed}`);
    const { counts } = checkStaleness(run.history, run.final, parameters);
    ok((counts.stale ?? 0) > 50, `seed ${seed}: ${counts.stale} stale reads`);
  }
});

test('they do so with a part of the log, where some writes may or may not have been applied', () => {
  for (let seed = 1; seed <= 2; seed += 1) {
    const run = withoutStrays(simulateRun({ ...options, seed }));
    deepEqual([...refusals(run)], [], `seed ${seed}`);
    const { counts } = checkLinearizability(run.history, run.final, parameters);
    ok((counts.possibleWrites ?? 0) > 5, `seed ${seed}: ${counts.possibleWrites} possible writes`);
  }
});

/** Which checks have to find a mistake. Others may find it too. */
const finders: Readonly<Record<Mistake, readonly Check[]>> = {
  'loses an accepted write': [checkAccounting],
  'applies a redelivery': [checkAccounting, checkVersions, checkLinearizability, checkQuiescence],
  'ignores conditions': [checkVersions, checkLinearizability],
  'forgets identities': [checkAccounting, checkVersions],
  'says created wrongly': [checkVersions, checkLinearizability],
  'gives old versions': [checkOrder, checkLinearizability, checkQuiescence],
  overtakes: [checkOrder],
  'leaves the cache as it is': [checkStaleness],
  'caches for too long': [checkStaleness],
  'reads past the cache from it': [checkLinearizability],
  'ignores Sync-Tokens': [checkSyncToken],
  'serves what has expired': [checkExpiry],
  'lists from two moments': [checkLists],
  'leaves a key out of lists': [checkLists],
  'settles what was accepted': [checkAccounting],
  'logs another key': [checkAccounting],
};

for (const [mistake, checks] of Object.entries(finders)) {
  test(`a store that ${mistake} is found`, () => {
    const { history, final } = simulateRun({ ...options, mistake: mistake as Mistake });
    const reports = checks.map((check) => check(history, final, parameters));
    const missedBy = reports.flatMap(({ name, violations }) => (violations.length === 0 ? [name] : []));
    deepEqual(missedBy, []);
  });
}
