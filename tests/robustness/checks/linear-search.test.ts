import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WriteCondition } from '../history/call.ts';
import { isLinearizable } from '../testing/exhaustive-search.ts';
import { searchLinearization } from './linear-search.ts';
import {
  type CertainOperation,
  conditionFails,
  type PossibleWrite,
  type RegisterHistory,
} from './register-operation.ts';

const bounds = { budgetMs: 60_000, now: () => 0 };
const anyTime = fc.integer({ min: 0, max: 8 });
const anyVersion = fc.integer({ min: 1, max: 5 });
const anyAction = fc.constantFrom('put', 'put', 'delete');
const anyCondition: fc.Arbitrary<WriteCondition | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'absent' } as const, { kind: 'present' } as const) },
  { weight: 1, arbitrary: anyVersion.map((version) => ({ kind: 'version', version }) as const) },
);

const anyTimes = fc
  .tuple(anyTime, anyTime)
  .map(([one, other]) => ({ start: Math.min(one, other), end: Math.max(one, other), calls: [], name: 'any' }));

const anyCertain: fc.Arbitrary<CertainOperation> = fc
  .record({
    times: anyTimes,
    kind: fc.constantFrom('versioned', 'versioned', 'unversioned', 'read', 'read', 'nothing', 'rejected'),
    action: anyAction,
    version: anyVersion,
    condition: anyCondition,
    created: fc.constantFrom(undefined, undefined, undefined, true, false),
  })
  .map(({ times, kind, action, version, condition, created }): CertainOperation => {
    const write = { ...times, action, condition, created };
    if (kind === 'versioned') return { ...write, kind, version };
    if (kind === 'unversioned') return { ...write, kind };
    if (kind === 'read') return { ...times, kind: 'observation', holds: ({ held }) => held === version };
    if (kind === 'nothing') return { ...times, kind: 'observation', holds: ({ held }) => held === 'nothing' };
    return { ...times, kind: 'observation', holds: (state) => conditionFails(condition, state) };
  });

const anyPossible: fc.Arbitrary<PossibleWrite> = fc.record({
  kind: fc.constant('possible'),
  action: anyAction,
  condition: anyCondition,
  start: anyTime,
});

const anyHistory: fc.Arbitrary<RegisterHistory> = fc.record({
  certain: fc.uniqueArray(anyCertain, {
    minLength: 1,
    maxLength: 6,
    // No version twice: which of the two comes first would be a matter of their order in the list.
    selector: (operation) => (operation.kind === 'versioned' ? operation.version : Symbol('any')),
  }),
  possible: fc.array(anyPossible, { maxLength: 3 }),
});

test('the search says of small histories what trying every order says', () => {
  const seen = { linearizable: 0, refused: 0, undecided: 0 };
  fc.assert(
    fc.property(anyHistory, (history) => {
      const { kind } = searchLinearization(history, bounds);
      seen[kind] += 1;
      equal(kind, isLinearizable(history) ? 'linearizable' : 'refused');
    }),
    { numRuns: 10_000 },
  );
  ok(seen.linearizable > 1000 && seen.refused > 1000, JSON.stringify(seen));
});
